"""footage_analyse: stored segments become observations per zone and window, and named events.

One function serves the archive and the segment that landed a second ago.
"""

import datetime as dt
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from expectations.camera_observation import STATION as OBSERVATIONS
from precrisis import door, store
from precrisis.city import city
from precrisis.footage.camera_setup import camera_view, detector
from precrisis.footage.naming import SIGN_KEY, name_and_draw, stretch_key
from precrisis.footage.normal import normal_of
from precrisis.gate import authorise
from precrisis.modes import Modes, read_modes
from precrisis.outcome import Outcome, Refused, Step
from precrisis.run import Run
from precrisis.warehouse import connect, upsert
from precrisis.zone_keys import Damaged

if TYPE_CHECKING:
    from models.video.observation import Observation, SegmentAnalysis

BATCH = 30
FIND = """
SELECT s.camera_id, s.started_at, s.source_id, s.object_key
FROM raw.footage_segment AS s
WHERE s.due_at > %(at)s AND NOT EXISTS (
    SELECT FROM ops.outcome AS o
    WHERE o.step = 'analyse_segment' AND o.item_key = s.object_key
    AND o.status IN ('ok', 'quarantined')
    AND o.ended_at >= s.loaded_at  -- a segment that was replaced since is a new one
)
ORDER BY s.camera_id, s.started_at
"""


FORGET_SIGNS = (
    "DELETE FROM raw.video_sign WHERE camera_id = %s AND started_at >= %s AND started_at < %s"
)
FORGET_CROSSINGS = (
    "DELETE FROM raw.line_crossing WHERE camera_id = %s AND window_start >= %s "
    "AND window_start < %s"
)
LINE_KEY = ("camera_id", "line_id", "window_start")


def find_segments(run: Run) -> list[list[dict[str, Any]]]:
    """List stored segments without observations, in batches of one camera each (JSON-ready)."""
    with connect("analysis") as connection:
        rows = connection.execute(FIND, {"at": run.interval_end}).fetchall()
    by_camera: dict[str, list[dict]] = {}
    for row in rows:
        row["started_at"] = row["started_at"].isoformat()
        by_camera.setdefault(row["camera_id"], []).append(row)
    return [part[i : i + BATCH] for part in by_camera.values() for i in range(0, len(part), BATCH)]


def analyse(batch: list[dict[str, Any]], run: Run) -> int:
    """Analyse a batch of one camera's segments; return the number of observations written.

    Events are named afterwards from what is stored around the batch, so that one that spans two
    segments, or two runs, is one event.
    """
    from models.video.analyse import MODEL_VERSION

    step = Step("analyse_segment", "camera_observation", run, role="analysis", model=MODEL_VERSION)
    done = step.together(
        batch,
        lambda s: s["object_key"],
        lambda s, o: _analyse(s, o, run),
        lambda found: write_analyses(found, stretch_key(batch)),
    )
    name_and_draw(batch, run)
    return sum(outcome.rows_out for outcome in done)


def _analyse(segment: dict[str, Any], outcome: Outcome, run: Run) -> "SegmentAnalysis":
    from models.video.analyse import analyse_segment
    from models.video.footage import UnreadableVideo

    camera = city().camera(segment["camera_id"])
    authorise(city().source(segment["source_id"]), run, "analysis")
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = store.fetch("analysis", "restricted", segment["object_key"], Path(folder))
            started_at = dt.datetime.fromisoformat(segment["started_at"])
            normal = normal_of(camera.camera_id, started_at)
            found = analyse_segment(path, camera_view(camera), detector(), started_at, normal)
        except (UnreadableVideo, FileNotFoundError, Damaged) as error:
            raise Refused("segment_readable", str(error), segment["object_key"]) from None
    outcome.rows_in = len(found.observations)
    outcome.detail = f"{found.coverage:.0%} of its frames read"
    if found.leaps:
        outcome.detail += f", {found.leaps} leaps of its clock not believed"
    if found.withheld:
        outcome.detail += f"; anomaly not scored: {found.withheld}"
    if not found.observations:
        raise Refused("segment_observed", "too short to observe anything", segment["object_key"])
    return found


def write_analyses(found: dict[str, "SegmentAnalysis"], batch_key: str) -> dict[str, int]:
    """Write what several segments showed; return how many observations of each passed the door.

    One check for all of them: a check costs more than a segment's rows. Signs of behaviour are
    written where the mode allows the event that they may become, and nowhere else.
    """
    if not found:
        return {}
    with connect("analysis") as connection:
        modes = read_modes(connection, city())
        observed = {key: [_row(o, modes) for o in one.observations] for key, one in found.items()}
        written = door.load_items(connection, OBSERVATIONS, observed, batch_key)
        for one in found.values():
            stretch = _stretch(one)
            _write_signs(connection, one, stretch, modes)
            connection.execute(FORGET_CROSSINGS, stretch)
            upsert(connection, "raw.line_crossing", LINE_KEY, map(asdict, one.line_counts))
        connection.commit()
    return written


def _row(seen: "Observation", modes: Modes) -> dict[str, Any]:
    """An observation; where people demonstrate or worship it holds counts alone."""
    row = asdict(seen)
    if modes.is_protected(seen.zone_id, seen.window_start, seen.window_end):
        row["anomaly_score"] = None
    return row


def _stretch(found: "SegmentAnalysis") -> tuple[str, dt.datetime, dt.datetime]:
    """The camera of a segment, and from when to when it was seen."""
    start = min(o.window_start for o in found.observations)
    return (
        found.observations[0].camera_id, start, max(o.window_end for o in found.observations)
    )  # fmt: skip


def _write_signs(
    connection: psycopg.Connection, found: "SegmentAnalysis", stretch: tuple, modes: Modes
) -> None:
    """Replace the signs of one segment; of signs at one place and time the strongest stays."""
    allowed = sorted((s for s in found.signs if modes.may_name(s)), key=lambda s: s.value)
    rows = {tuple(getattr(sign, name) for name in SIGN_KEY): asdict(sign) for sign in allowed}
    connection.execute(FORGET_SIGNS, stretch)
    upsert(connection, "raw.video_sign", SIGN_KEY, rows.values())
