"""posts_ingest: public posts are pulled, cut down and pseudonymised before anything is written.

The cut texts go to the restricted bucket with a due time; the table holds keys and times only. The
cursor moves after a page is safe, so a crash repeats a page and loses none. Where a source tells of
no deletion, each run reads a part of what is kept once more (reading_again.py).
"""

from precrisis import clock
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.posts.connector import Connector, FeedBusy
from precrisis.posts.connectors import connector_of
from precrisis.posts.cursors import leave_alone, move_cursor, place_of
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
    connector = connector_of(source.kind)
    with connect("ingest") as connection:
        reading = Reading(connection, source, purpose, outcome)
        wait_until = place_of(connection, source.source_id).wait_until
        if wait_until and wait_until > clock.now():
            outcome.detail = f"asks not to be asked before {wait_until:%Y-%m-%d %H:%M} UTC"
        else:
            _read(reading, connector)
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def _read(reading: Reading, connector: Connector) -> None:
    connection, source = reading.connection, reading.source
    cursor = before = place_of(connection, source.source_id).cursor
    try:
        for page in connector.read(source, before):
            reading.take_in(page)
            cursor = page.cursor
            move_cursor(connection, source.source_id, cursor)
        if before and connector.reading_again:
            read_again(reading, connector.reading_again, cursor)
    except FeedBusy as busy:
        leave_alone(connection, source.source_id, busy.wait_s)
        raise
