"""posts_ingest: public posts are pulled, cut down and pseudonymised before anything is written.

The cut texts go to the restricted bucket with a due time; the table holds keys and times only. The
cursor moves after a page is safe, so a crash repeats a page and loses none. Where a source tells of
no deletion, each run reads a part of what is kept once more (reading_again.py).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from precrisis import clock
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.posts.connector import Connector, FeedBusy, Page
from precrisis.posts.connectors import connector_of
from precrisis.posts.cursors import alone, leave_alone, move_cursor, place_of
from precrisis.posts.pages import Reading
from precrisis.posts.reading_again import read_again
from precrisis.run import Run
from precrisis.warehouse import connect


def take_in_posts(run: Run) -> int:
    """Pull every feed from where it was left; return the number of posts stored."""
    step = Step("take_in_posts", "post", run, role="ingest")
    feeds = city().sources_of("post")
    done = step.each(feeds, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    purpose = authorise(source, run, "ingest")
    with connect("ingest") as connection:
        reading = Reading(connection, source, purpose, outcome)
        with alone(connection, source.source_id):
            _read(reading, connector_of(source.kind))
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def _read(reading: Reading, connector: Connector) -> None:
    before = cursor = place_of(reading.connection, reading.source.source_id).cursor
    if until := left_alone_until(reading):
        reading.outcome.detail = f"asks not to be asked before {until:%Y-%m-%d %H:%M} UTC"
        return
    for page in news(reading, connector):
        take_in_page(reading, page)
        cursor = page.cursor
    if before and connector.reading_again:
        with busy_noted(reading):
            read_again(reading, connector.reading_again, cursor)


def left_alone_until(reading: Reading) -> dt.datetime | None:
    """Until when (UTC) the source asks not to be asked; None where it may be asked."""
    until = place_of(reading.connection, reading.source.source_id).wait_until
    return until if until and until > clock.now() else None


def news(reading: Reading, connector: Connector) -> Iterator[Page]:
    """Pages since the source was left. Raises as the connector; what FeedBusy asks is kept."""
    cursor = place_of(reading.connection, reading.source.source_id).cursor
    with busy_noted(reading):
        yield from connector.read(reading.source, cursor)


def take_in_page(reading: Reading, page: Page) -> set[str]:
    """Store a page, then move the cursor past it; return the hashes of the posts on it."""
    hashes = reading.take_in(page)
    move_cursor(reading.connection, reading.source.source_id, page.cursor)
    return hashes


@contextmanager
def busy_noted(reading: Reading) -> Iterator[None]:
    """Keep for how long a source that is busy asks to be left alone."""
    try:
        yield
    except FeedBusy as busy:
        leave_alone(reading.connection, reading.source.source_id, busy.wait_s)
        raise
