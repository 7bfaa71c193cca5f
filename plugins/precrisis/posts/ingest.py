"""posts_ingest: public posts are pulled, cut down and pseudonymised before anything is written.

The cut texts go to the restricted bucket with a due time; the table holds keys and times only. The
cursor moves after a page is safe, so a crash repeats a page and loses none. Each run then reads a
part of what is kept once more, for late posts, edits and deletions (reading_again.py).
"""

from collections.abc import Iterator
from dataclasses import replace

import psycopg

from precrisis import clock
from precrisis.city import Source, city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.posts.mastodon_source import Feed, Page, pull
from precrisis.posts.pages import Reading
from precrisis.posts.reading_again import read_again
from precrisis.retention_periods import OLDEST_POST
from precrisis.run import Run
from precrisis.warehouse import connect, upsert


def take_in_posts(run: Run) -> int:
    """Pull every feed from where it was left; return the number of posts stored."""
    step = Step("take_in_posts", "post", run, role="ingest")
    feeds = city().sources_of("post")
    done = step.each(feeds, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    purpose = authorise(source, run, "ingest")
    feed = Feed(source.source_id, source.address, tuple(source.hashtags), source.token_variable)
    with connect("ingest") as connection:
        reading = Reading(connection, source, purpose, outcome)
        cursor = before = _cursor(connection, source.source_id)
        for page in _pages(feed, before):
            reading.take_in(page)
            cursor = page.cursor
            _move_cursor(connection, source.source_id, cursor)
        if before:
            read_again(reading, feed, cursor)
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def _pages(feed: Feed, cursor: str | None) -> Iterator[Page]:
    """New pages. A feed that is read for the first time is not read from its beginning.

    Where ids carry no time a server knows no such start, and answers nothing: then from there.
    """
    if cursor:
        yield from pull(feed, cursor)
        return
    is_answered = False
    for page in pull(replace(feed, starts_at=clock.now() - OLDEST_POST)):
        is_answered = True
        yield page
    if not is_answered:
        yield from pull(feed)


def _cursor(connection: psycopg.Connection, source_id: str) -> str | None:
    query = "SELECT cursor FROM ops.feed_cursor WHERE source = %s"
    row = connection.execute(query, (source_id,)).fetchone()
    return row and row["cursor"]


def _move_cursor(connection: psycopg.Connection, source_id: str, cursor: str) -> None:
    row = {"source": source_id, "cursor": cursor, "updated_at": clock.now()}
    upsert(connection, "ops.feed_cursor", ("source",), [row])
    connection.commit()
