"""Events of one camera, named from what is stored around a batch of its segments.

So one that spans two segments, or two runs, is one event.
"""

import datetime as dt
from dataclasses import asdict
from typing import Any

from expectations.camera_observation import STATION as OBSERVATIONS
from expectations.video_event import STATION as EVENTS
from precrisis import door
from precrisis.city import city
from precrisis.footage.camera_setup import rules
from precrisis.footage.evidence import draw_evidence
from precrisis.footage.muting import muted_kinds
from precrisis.footage.urgent import raise_urgent
from precrisis.modes import read_modes
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

SIGN_KEY = ("camera_id", "zone_id", "kind", "started_at", "ended_at")
LANDED = "SELECT max(loaded_at) AS at FROM raw.footage_segment WHERE object_key = ANY(%s)"
FORGET_EVENTS = (
    "DELETE FROM raw.video_event WHERE camera_id = %s AND started_at >= %s AND ended_at <= %s "
    "AND NOT event_id = ANY(%s)"
)
FRESH = dt.timedelta(minutes=10)  # older events of an archive alarm nobody any more
MARGIN = dt.timedelta(minutes=10)


def name_and_draw(batch: list[dict[str, Any]], run: Run) -> None:
    """Name the events that one camera's batch takes part in, and draw their evidence."""
    name(batch, run)
    draw_evidence(batch, run)


def name(batch: list[dict[str, Any]], run: Run) -> None:
    """Name the events that one camera's batch takes part in; the urgent ones are candidates."""
    naming = Step("name_events", "video_event", run, role="analysis")
    naming.each([batch], stretch_key, lambda b, o: _name_events(b, o, run))


def stretch_key(batch: list[dict[str, Any]]) -> str:
    return f"{batch[0]['camera_id']}/{batch[0]['started_at']}/{batch[-1]['started_at']}"


def _name_events(batch: list[dict[str, Any]], outcome: Outcome, run: Run) -> None:
    """Replace the events that touch this stretch by those its observations show now."""
    with connect("analysis") as connection:
        seen = _observations_around(connection, batch)
        named = _named(connection, seen, batch)
        allowed = _allowed(connection, named, batch, outcome)
        outcome.rows_in = len(seen)
        outcome.rows_out = _replace(connection, seen, allowed, batch)
        fresh = [event for event in allowed if event.ended_at > run.interval_end - FRESH]
        raise_urgent(connection, fresh, *_landed(connection, batch))


def _allowed(
    connection, named: list[Any], batch: list[dict[str, Any]], outcome: Outcome
) -> list[Any]:
    """The events that the mode allows, of kinds not muted; the outcome tells of the rest."""
    modes = read_modes(connection, city())
    _, _, until = _around(batch)
    muted = muted_kinds(connection, batch[0]["camera_id"], until)
    lawful = [event for event in named if modes.may_name(event)]
    kept = [event for event in lawful if event.kind not in muted]
    told = []
    if len(lawful) < len(named):
        told.append(f"{len(named) - len(lawful)} not kept: the mode does not allow them")
    if len(kept) < len(lawful):
        told += [f"{kind} {reason}" for kind, reason in muted.items()]
    outcome.detail = "; ".join(told) or outcome.detail
    return kept


def _named(connection, seen: list[dict[str, Any]], batch: list[dict[str, Any]]) -> list[Any]:
    from models.video.events import name_events
    from models.video.observation import Observation, Sign

    signs = [Sign(**row) for row in _signs_around(connection, batch)]
    return name_events([Observation(**row) for row in seen], rules(), signs)


def _replace(
    connection, seen: list[dict[str, Any]], events: list[Any], batch: list[dict[str, Any]]
) -> int:
    """Write these events, delete the others of the time that was looked at; how many passed."""
    if seen:
        start, end = seen[0]["window_start"], max(o["window_end"] for o in seen)
        kept = [event.event_id for event in events]
        connection.execute(FORGET_EVENTS, (batch[0]["camera_id"], start, end, kept))
    rows = [asdict(event) for event in events]
    written = door.load(connection, EVENTS, rows, stretch_key(batch)) if rows else 0
    connection.commit()
    return written


def _landed(connection, batch: list[dict[str, Any]]) -> tuple[list[str], dt.datetime]:
    """The objects of a batch, and when the last of them was there."""
    keys = [segment["object_key"] for segment in batch]
    row = connection.execute(LANDED, (keys,)).fetchone()
    return keys, row["at"] or dt.datetime.now(dt.UTC)


def _around(batch: list[dict[str, Any]]) -> tuple[str, dt.datetime, dt.datetime]:
    """The camera, and the time from which an event may reach into the batch to when out of it."""
    start = dt.datetime.fromisoformat(batch[0]["started_at"]) - MARGIN
    return batch[0]["camera_id"], start, dt.datetime.fromisoformat(batch[-1]["started_at"]) + MARGIN


def _observations_around(connection, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return connection.execute(
        f"SELECT {', '.join(OBSERVATIONS.columns)} FROM raw.camera_observation "
        "WHERE camera_id = %s AND window_start BETWEEN %s AND %s ORDER BY window_start, zone_id",
        _around(batch),
    ).fetchall()


def _signs_around(connection, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return connection.execute(
        f"SELECT {', '.join(SIGN_KEY)}, value, model_version FROM raw.video_sign "
        "WHERE camera_id = %s AND started_at BETWEEN %s AND %s ORDER BY started_at, zone_id, kind",
        _around(batch),
    ).fetchall()
