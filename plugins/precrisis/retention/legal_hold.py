"""Legal hold: what an authority asked for stays past its due time, and falls due by itself.

The table (infra/postgis/45_legal_hold.sql) takes no hold without act, name, reason and end, allows
180 days at most, and writes each into the audit log. What was held is deleted by the first run of
retention after the hold has ended.
"""

import datetime as dt
from dataclasses import dataclass

from precrisis.warehouse import connect

# True for an entry `o` of the ledger that is held at time %(at)s.
HELD = """EXISTS (
    SELECT FROM ops.legal_hold AS h
    WHERE h.bucket = o.bucket AND h.until > %(at)s AND (
        starts_with(o.object_key, h.key_prefix)
        OR EXISTS (
            SELECT FROM raw.footage_segment AS s
            WHERE s.object_key = o.object_key AND s.camera_id = h.camera_id
            AND s.started_at < h.to_at AND s.ended_at > h.from_at
        )
    )
)"""
PLACE = """
INSERT INTO ops.legal_hold (
    key_prefix, camera_id, from_at, to_at, act, ordered_by, reason, placed_at, until
)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Order:
    """Who ordered a hold, on what act, why, and until when (UTC)."""

    act: str
    ordered_by: str
    reason: str
    until: dt.datetime


def hold_footage(
    camera_id: str, from_at: dt.datetime, to_at: dt.datetime, order: Order, at: dt.datetime
) -> None:
    """Hold one camera's footage of a stretch of time (UTC), from time `at` on.

    Raises:
        psycopg.errors.CheckViolation: the order lacks act, name, reason (10 characters or more) or
            an end within 180 days.
    """
    _place((None, camera_id, from_at, to_at), order, at)


def hold_objects(key_prefix: str, order: Order, at: dt.datetime) -> None:
    """Hold every object whose key begins so; raises as `hold_footage`."""
    _place((key_prefix, None, None, None), order, at)


def _place(objects: tuple, order: Order, at: dt.datetime) -> None:
    values = (*objects, order.act, order.ordered_by, order.reason, at, order.until)
    with connect("auditor") as connection:
        connection.execute(PLACE, values)
