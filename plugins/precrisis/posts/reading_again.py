"""What is kept is read once more: for posts that came late, for edits, and for deletions.

Every run reads the last hours again, and one stretch further back. Stretch after stretch this goes
over everything kept, and begins anew: a post that its author deleted is marked within a day, with
few requests a run, and `retention_enforce` deletes it within the hour.
"""

import datetime as dt

import psycopg

from precrisis import clock
from precrisis.posts.deletions import deleted_posts
from precrisis.posts.mastodon_source import Feed, newest_time, pull, stepped_back
from precrisis.posts.pages import Reading

LOOK_BACK = dt.timedelta(hours=2)
# Seven days in stretches of four hours are 42 runs: seven hours at a run every ten minutes.
STRETCH = dt.timedelta(hours=4)
# A post's own time may be cut to the second, its id is not.
MARGIN = dt.timedelta(seconds=2)

KEPT = """
SELECT post_id_hash, max(posted_at) AS posted_at
FROM (
    SELECT source, post_id_hash, posted_at FROM raw.post WHERE due_at > %(now)s
    UNION ALL
    SELECT source, post_id_hash, posted_at FROM raw.post_signal WHERE due_at > %(now)s
) AS kept
WHERE source = %(source)s
GROUP BY post_id_hash
"""
# Marked here, deleted by the retention role: object, row and signals, with a receipt.
MARK = """
UPDATE ops.object_ledger AS o SET due_at = least(o.due_at, %(now)s), reason = 'deleted by author'
FROM raw.post AS p
WHERE p.source = %(source)s AND p.post_id_hash = ANY(%(gone)s)
AND o.bucket = 'restricted' AND o.object_key = p.object_key
AND o.deleted_at IS NULL AND o.reason = 'due'
"""
MARK_ROWS = """
UPDATE raw.{table} SET due_at = least(due_at, %(now)s)
WHERE source = %(source)s AND post_id_hash = ANY(%(gone)s) AND due_at > %(now)s
"""


def read_again(reading: Reading, feed: Feed, cursor: str) -> None:
    """Read the last hours before `cursor`, and the next stretch of what is kept, once more.

    A server whose ids carry no time can't be read from a moment on; the outcome says so.
    """
    newest = newest_time(cursor)
    if newest is None:
        reading.remark("timelines have ids without time: edits and deletions are not followed", 1)
        return
    gone = _read(reading, feed, cursor, newest - LOOK_BACK, None)
    start = _next_stretch(reading, newest)
    if start:
        gone += _read(reading, feed, cursor, start, start + STRETCH)
        _note_swept(reading, start + STRETCH)
    reading.remark("posts are gone at the source: marked for deletion", gone)


def _read(
    reading: Reading, feed: Feed, cursor: str, start: dt.datetime, end: dt.datetime | None
) -> int:
    """Read from `start` to `end` (or all there is); mark what is gone and return how many."""
    kept = _kept(reading)
    seen: set[str] = set()
    for page in pull(feed, stepped_back(cursor, start - MARGIN), end and end + MARGIN):
        seen |= reading.take_in(page)
    gone = deleted_posts(kept, seen, start, end or clock.now())
    if gone:
        _mark(reading.connection, reading.source.source_id, sorted(gone))
    return len(gone)


def _kept(reading: Reading) -> dict[str, dt.datetime]:
    values = {"source": reading.source.source_id, "now": clock.now()}
    rows = reading.connection.execute(KEPT, values)
    return {row["post_id_hash"]: row["posted_at"] for row in rows}


def _mark(connection: psycopg.Connection, source_id: str, gone: list[str]) -> None:
    values = {"source": source_id, "gone": gone, "now": clock.now()}
    connection.execute(MARK, values)
    for table in ("post", "post_signal"):
        connection.execute(MARK_ROWS.format(table=table), values)
    connection.commit()


def _next_stretch(reading: Reading, newest: dt.datetime) -> dt.datetime | None:
    """Where the next stretch begins: at the oldest kept post not met since the last beginning."""
    query = "SELECT swept_until FROM ops.feed_cursor WHERE source = %s"
    row = reading.connection.execute(query, (reading.source.source_id,)).fetchone()
    times = sorted(at for at in _kept(reading).values() if at < newest - LOOK_BACK)
    later = [at for at in times if row["swept_until"] is None or at >= row["swept_until"]]
    return next(iter(later or times), None)


def _note_swept(reading: Reading, until: dt.datetime) -> None:
    reading.connection.execute(
        "UPDATE ops.feed_cursor SET swept_until = %s WHERE source = %s",
        (until, reading.source.source_id),
    )
    reading.connection.commit()
