"""Events that can't wait for the marts: alert candidates, written the moment they are named."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import psycopg

from precrisis.airflow_rest import signed_in
from precrisis.alerts.stops import read_stops
from precrisis.city import city
from precrisis.warehouse import upsert

if TYPE_CHECKING:
    from models.video.events import VideoEvent

log = logging.getLogger(__name__)


def raise_urgent(
    connection: psycopg.Connection,
    events: Iterable["VideoEvent"],
    segment_keys: Sequence[str],
    landed_at: dt.datetime,
) -> int:
    """Write the urgent ones of some named events as candidates, each once; return how many are new.

    What a person stopped is none.
    An event that goes on is the same candidate: its end and confidence follow, `raised_at` stays.

    Args:
        segment_keys: the objects that show them, for a replay.
        landed_at: when the last of these was there to be looked at (UTC).
    """
    urgent = city().thresholds.urgent_events
    rows = [
        {
            "candidate_id": event.event_id,
            "kind": event.kind,
            "zone_id": event.zone_id,
            "starts_at": event.started_at,
            "ends_at": event.ended_at,
            "confidence": event.confidence,
            "inputs": {
                "camera_id": event.camera_id,
                "segments": list(segment_keys),
                "model_version": event.model_version,
            },
            "landed_at": landed_at,
        }
        for event in events
        if urgent and event.kind in urgent.kinds and _holds_on(event.started_at, urgent.expires_on)
    ]
    stops = read_stops(connection)
    rows = [row for row in rows if stops.allow(row)]
    known = {
        row["candidate_id"]
        for row in connection.execute(
            "SELECT candidate_id FROM ops.alert_candidate WHERE candidate_id = ANY(%s)",
            ([row["candidate_id"] for row in rows],),
        )
    }
    upsert(connection, "ops.alert_candidate", ("candidate_id",), rows, keep=("inputs", "landed_at"))
    connection.commit()
    return len(rows) - len(known)


def start_alerts() -> None:
    """Let alerts_raise look at the candidates now; without Airflow, its next run will."""
    body = {"logical_date": None, "note": "urgent event"}
    try:
        signed_in("operator")("POST", "/dags/alerts_raise/dagRuns", body=body)
    except Exception as error:
        log.warning("alerts_raise could not be started (%s)", type(error).__name__)


def _holds_on(moment: dt.datetime, last_day: dt.date) -> bool:
    return moment.astimezone(city().timezone).date() <= last_day
