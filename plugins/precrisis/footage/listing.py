"""What of a source's recordings is new: the first step of footage_ingest, one task a source."""

import datetime as dt
from typing import Any

from precrisis.city import city
from precrisis.footage.recording import Recording
from precrisis.footage.sources import recordings
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

BATCH = 20


def footage_sources() -> list[str]:
    """Ids of the sources that offer footage; each is listed on its own and can't stop another.

    Not those that are recorded without a break, see watch.py.
    """
    offered = city().sources_of("footage_segment")
    return [source.source_id for source in offered if not source.is_continuous]


def find_recordings(source_id: str, run: Run) -> list[list[dict[str, Any]]]:
    """List a source's recordings not taken in yet, in batches of one camera each (JSON-ready).

    Raises:
        NoBasis: the register does not allow the source; nothing of it was read.
        SourceUnreadable: it can't be listed.
    """
    step = Step("list_source", "footage_segment", run, role="ingest")
    began_at = dt.datetime.now(dt.UTC)
    try:
        offered = _offered(source_id, run)
    except Exception as error:  # recorded, then raised as it is: it names the remedy
        step.record(source_id, Outcome("failed", detail=type(error).__name__), began_at)
        raise
    known = settled([recording.key for recording in offered])
    fresh = [recording for recording in offered if recording.key not in known]
    outcome = Outcome("ok" if fresh else "unchanged", len(offered), len(fresh))
    step.record(source_id, outcome, began_at)
    return _batches(fresh)


def _offered(source_id: str, run: Run) -> list[Recording]:
    source = city().source(source_id)
    authorise(source, run, "ingest")
    return list(recordings(city(), source, run.interval_end))


def settled(keys: list[str]) -> set[str]:
    """Recordings that were taken in, or refused for good: a file that changed has another key."""
    with connect("ingest") as connection:
        rows = connection.execute(
            "SELECT DISTINCT item_key FROM ops.outcome WHERE step = 'take_in_recording' "
            "AND status IN ('ok', 'quarantined') AND item_key = ANY(%s)",
            (keys,),
        )
        return {row["item_key"] for row in rows}


def _batches(fresh: list[Recording]) -> list[list[dict[str, Any]]]:
    by_camera: dict[str, list[dict]] = {}
    for recording in fresh:
        by_camera.setdefault(recording.camera_id, []).append(recording.to_json())
    return [part[i : i + BATCH] for part in by_camera.values() for i in range(0, len(part), BATCH)]
