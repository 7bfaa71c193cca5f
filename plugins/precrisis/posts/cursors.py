"""Where each source of posts was left, and how long it asks to be left alone: ops.feed_cursor."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from precrisis import clock
from precrisis.warehouse import upsert

# Locks of the sources of posts, among all that the platform may ever take.
SOURCES = 5_005
LEFT = "SELECT cursor, wait_until, swept_until FROM ops.feed_cursor WHERE source = %s"


@dataclass(frozen=True)
class Place:
    """Where a source was left. Times are UTC.

    `swept_until` is up to which post's time it was read again, for edits and deletions.
    """

    cursor: str | None = None
    wait_until: dt.datetime | None = None
    swept_until: dt.datetime | None = None


def place_of(connection: psycopg.Connection, source_id: str) -> Place:
    """Where the source was left; an empty place before its first page."""
    row = connection.execute(LEFT, (source_id,)).fetchone()
    return Place(row["cursor"] or None, row["wait_until"], row["swept_until"]) if row else Place()


def move_cursor(connection: psycopg.Connection, source_id: str, cursor: str) -> None:
    """Keep the cursor of a page that is safe."""
    _write(connection, source_id, {"cursor": cursor, "wait_until": None})


def leave_alone(connection: psycopg.Connection, source_id: str, wait_s: float) -> None:
    """Keep for how many seconds from now the source asks not to be asked; its cursor stays."""
    cursor = place_of(connection, source_id).cursor or ""
    until = clock.now() + dt.timedelta(seconds=wait_s)
    _write(connection, source_id, {"cursor": cursor, "wait_until": until})


def note_swept(connection: psycopg.Connection, source_id: str, until: dt.datetime) -> None:
    """Keep up to which post's time the source was read again."""
    cursor = place_of(connection, source_id).cursor or ""
    _write(connection, source_id, {"cursor": cursor, "swept_until": until})


@contextmanager
def alone(connection: psycopg.Connection, source_id: str) -> Iterator[None]:
    """Be the one who reads the source; wait while another does. A crash lets go.

    posts_ingest and posts-watch read the same sources: without this, one could write a wording
    that it read earlier over the edit that the other has stored since.
    """
    lock = (SOURCES, source_id)
    connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", lock)
    connection.commit()
    try:
        yield
    finally:
        if not connection.broken:  # the lock went with the connection otherwise
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)
            connection.commit()


def _write(connection: psycopg.Connection, source_id: str, values: dict) -> None:
    row = {"source": source_id, "updated_at": clock.now(), **values}
    upsert(connection, "ops.feed_cursor", ("source",), [row])
    connection.commit()
