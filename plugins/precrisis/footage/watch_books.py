"""What footage-watch saw, kept: doors, outcomes, events, gaps; many cameras' pieces at a time."""

import datetime as dt
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from models.video.observation import SegmentAnalysis
from precrisis.footage.analyse import write_analyses
from precrisis.footage.capture import Gap, Piece
from precrisis.footage.ingest import write_segments
from precrisis.footage.naming import name
from precrisis.outcome import Outcome, Refused, Step, StepFailed, quarantine
from precrisis.run import Run
from precrisis.run import live_run as run_of_hour
from precrisis.warehouse import connect

DAG_ID = "footage_watch"
EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Seen:
    """A stored piece and, unless it was left to the batch, what it showed."""

    piece: Piece
    row: dict[str, Any]
    found: SegmentAnalysis | None
    error: Exception | None = None


def live_run() -> Run:
    """The run of this hour. A piece has an outcome of its own, whichever process kept it."""
    return run_of_hour(DAG_ID, EVER)


def keep(found: list[Any], run: Run) -> None:
    """Pass through the doors, and into the outcomes, what the analysts saw.

    A piece whose analysis failed is recorded as failed, and is footage_analyse's to try again.
    """
    pieces = [seen for seen in found if isinstance(seen, Seen)]
    for gap in (seen for seen in found if isinstance(seen, Gap)):
        _note_gap(gap, run)
    taking_in = Step("take_in_recording", "footage_segment", run, role="ingest")
    with suppress(StepFailed):
        taking_in.together(pieces, _key, lambda seen, _: _row_or_raise(seen), write_segments)
    analysed = [seen for seen in pieces if seen.row and not _is_left(seen)]
    with suppress(StepFailed):
        _keep_observations(analysed, run)
    for batch in _by_camera(analysed):
        with suppress(StepFailed):
            name(batch, run)


def _keep_observations(analysed: list[Seen], run: Run) -> None:
    from models.video.analyse import MODEL_VERSION

    step = Step("analyse_segment", "camera_observation", run, role="analysis", model=MODEL_VERSION)
    step.together(
        analysed,
        lambda seen: seen.row["object_key"],
        lambda seen, _: _found_or_raise(seen),
        lambda found: write_analyses(found, f"{DAG_ID}/{run.interval_end.isoformat()}"),
    )


def _by_camera(analysed: list[Seen]) -> list[list[dict[str, Any]]]:
    """Batches as find_segments lists them: one camera each, in order of time."""
    batches: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for seen in sorted(analysed, key=lambda seen: seen.row["started_at"]):
        row = {name: seen.row[name] for name in ("camera_id", "source_id", "object_key")}
        started_at = seen.row["started_at"].isoformat()
        batches[seen.piece.camera_id].append(row | {"started_at": started_at})
    return list(batches.values())


def _is_left(seen: Seen) -> bool:
    return seen.found is None and seen.error is None


def _key(seen: Seen) -> str:
    return f"{seen.piece.source_id}/{seen.piece.camera_id}_{seen.piece.started_at:%Y%m%dT%H%M%SZ}"


def _row_or_raise(seen: Seen) -> list[dict[str, Any]]:
    if not seen.row:
        raise seen.error or Refused("has_frames", "nothing of it could be stored")
    return [seen.row]


def _found_or_raise(seen: Seen) -> SegmentAnalysis:
    if seen.error:
        raise seen.error
    return seen.found


def _note_gap(gap: Gap, run: Run) -> None:
    lasted_s = (gap.ended_at - gap.started_at).total_seconds()
    key = f"{gap.source_id}/{gap.camera_id}_{gap.started_at:%Y%m%dT%H%M%SZ}"
    reason = f"{gap.reason}; {lasted_s:.0f} s without a picture until {gap.ended_at:%H:%M:%S} UTC"
    with connect("ingest") as connection:
        quarantine(connection, "footage_segment", key, Refused("camera_answers", reason))
    outcome = Outcome("quarantined", detail=reason)
    step = Step("take_in_recording", "footage_segment", run, role="ingest")
    step.record(key, outcome, gap.started_at)
