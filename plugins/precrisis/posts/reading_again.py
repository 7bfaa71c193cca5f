"""What is kept is read once more: for posts that came late, for edits, and for deletions.

For sources that tell of no deletion. Every run reads the last hours again, and one stretch further
back. Stretch after stretch this goes over everything kept, and begins anew: a post that its author
deleted is marked within a day, with few requests a run, and `retention_enforce` deletes it within
the hour.
"""

import datetime as dt

from precrisis import clock
from precrisis.posts.connector import ReadingAgain
from precrisis.posts.cursors import note_swept, place_of
from precrisis.posts.deletions import deleted_posts, kept_posts, mark_deleted
from precrisis.posts.pages import GONE, Reading

LOOK_BACK = dt.timedelta(hours=2)
# Seven days in stretches of four hours are 42 runs: seven hours at a run every ten minutes.
STRETCH = dt.timedelta(hours=4)


def read_again(reading: Reading, again: ReadingAgain, cursor: str) -> None:
    """Read the last hours before `cursor`, and the next stretch of what is kept, once more.

    A server whose ids carry no time can't be read from a moment on; the outcome says so.
    """
    newest = again.newest_time(cursor)
    if newest is None:
        reading.outcome.remark(
            "timelines have ids without time: edits and deletions are not followed", 1
        )
        return
    gone = _read(reading, again, cursor, newest - LOOK_BACK, None)
    start = _next_stretch(reading, newest)
    if start:
        gone += _read(reading, again, cursor, start, start + STRETCH)
        note_swept(reading.connection, reading.source.source_id, start + STRETCH)
    reading.outcome.remark(GONE, gone)


def _read(
    reading: Reading,
    again: ReadingAgain,
    cursor: str,
    start: dt.datetime,
    end: dt.datetime | None,
) -> int:
    """Read from `start` to `end` (or all there is); mark what is gone and return how many."""
    kept = kept_posts(reading.connection, reading.source.source_id)
    seen: set[str] = set()
    for page in again.between(reading.source, cursor, start, end):
        seen |= reading.take_in(page)
    gone = deleted_posts(kept, seen, start, end or clock.now())
    mark_deleted(reading.connection, reading.source.source_id, gone)
    return len(gone)


def _next_stretch(reading: Reading, newest: dt.datetime) -> dt.datetime | None:
    """Where the next stretch begins: at the oldest kept post not met since the last beginning."""
    source_id = reading.source.source_id
    swept_until = place_of(reading.connection, source_id).swept_until
    kept = kept_posts(reading.connection, source_id)
    times = sorted(at for at in kept.values() if at < newest - LOOK_BACK)
    later = [at for at in times if swept_until is None or at >= swept_until]
    return next(iter(later or times), None)
