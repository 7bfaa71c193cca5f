"""footage_analyse: stored segments become observations per zone and window, and named events.

One function serves the archive and the segment that landed a second ago.
"""

import datetime as dt
import tempfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from expectations.camera_observation import STATION as OBSERVATIONS
from expectations.video_event import STATION as EVENTS
from precrisis import door, store
from precrisis.city import Camera, city
from precrisis.footage.evidence import draw_evidence
from precrisis.footage.urgent import raise_urgent
from precrisis.gate import authorise
from precrisis.modes import read_modes
from precrisis.outcome import Outcome, Refused, Step
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect
from precrisis.zone_keys import Damaged

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


LANDED = "SELECT max(loaded_at) AS at FROM raw.footage_segment WHERE object_key = ANY(%s)"
FRESH = dt.timedelta(minutes=10)  # older events of an archive alarm nobody any more


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
        lambda observed: write_observations(observed, _stretch_key(batch)),
    )
    name_and_draw(batch, run)
    return sum(outcome.rows_out for outcome in done)


def name_and_draw(batch: list[dict[str, Any]], run: Run) -> None:
    """Name the events that one camera's batch takes part in, and draw their evidence."""
    naming = Step("name_events", "video_event", run, role="analysis")
    naming.each([batch], _stretch_key, lambda b, o: _name_events(b, o, run))
    draw_evidence(batch, run, detector())


def _analyse(segment: dict[str, Any], outcome: Outcome, run: Run) -> list[dict[str, Any]]:
    from models.video.analyse import analyse_segment
    from models.video.footage import UnreadableVideo

    camera = city().camera(segment["camera_id"])
    authorise(city().source(segment["source_id"]), run, "analysis")
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = store.fetch("analysis", "restricted", segment["object_key"], Path(folder))
            started_at = dt.datetime.fromisoformat(segment["started_at"])
            found = analyse_segment(path, camera_view(camera), detector(), started_at)
        except (UnreadableVideo, FileNotFoundError, Damaged) as error:
            raise Refused("segment_readable", str(error), segment["object_key"]) from None
    rows = [asdict(observation) for observation in found.observations]
    outcome.rows_in = len(rows)
    outcome.detail = f"{found.coverage:.0%} of its frames read"
    if not rows:
        raise Refused("segment_observed", "too short to observe anything", segment["object_key"])
    return rows


def write_observations(observed: dict[str, list[dict[str, Any]]], batch_key: str) -> dict[str, int]:
    """Write the observations of several segments; return how many of each passed the door.

    One check for all of them: a check costs more than a segment's rows.
    """
    if not observed:
        return {}
    with connect("analysis") as connection:
        return door.load_items(connection, OBSERVATIONS, observed, batch_key)


def _stretch_key(batch: list[dict[str, Any]]) -> str:
    return f"{batch[0]['camera_id']}/{batch[0]['started_at']}/{batch[-1]['started_at']}"


def _name_events(batch: list[dict[str, Any]], outcome: Outcome, run: Run) -> None:
    """Replace the events that touch this stretch by those its observations show now."""
    from models.video.analyse import Observation
    from models.video.events import name_events

    camera_id = batch[0]["camera_id"]
    with connect("analysis") as connection:
        seen = _observations_around(connection, batch)
        named = name_events([Observation(**o) for o in seen], rules())
        modes = read_modes(connection, city())
        allowed = [event for event in named if modes.may_name(event)]
        events = [asdict(event) for event in allowed]
        if len(events) < len(named):
            outcome.detail = f"{len(named) - len(events)} not kept: the mode does not allow them"
        outcome.rows_in = len(seen)
        if seen:
            start, end = seen[0]["window_start"], max(o["window_end"] for o in seen)
            connection.execute(
                "DELETE FROM raw.video_event WHERE camera_id = %s AND started_at >= %s "
                "AND ended_at <= %s AND NOT event_id = ANY(%s)",
                (camera_id, start, end, [event["event_id"] for event in events]),
            )
        if events:
            outcome.rows_out = door.load(connection, EVENTS, events, _stretch_key(batch))
        connection.commit()
        fresh = [event for event in allowed if event.ended_at > run.interval_end - FRESH]
        raise_urgent(connection, fresh, *_landed(connection, batch))


def _landed(connection, batch: list[dict[str, Any]]) -> tuple[list[str], dt.datetime]:
    """The objects of a batch, and when the last of them was there."""
    keys = [segment["object_key"] for segment in batch]
    row = connection.execute(LANDED, (keys,)).fetchone()
    return keys, row["at"] or dt.datetime.now(dt.UTC)


def _observations_around(connection, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    margin = dt.timedelta(minutes=10)
    start = dt.datetime.fromisoformat(batch[0]["started_at"]) - margin
    end = dt.datetime.fromisoformat(batch[-1]["started_at"]) + margin
    columns = ", ".join(OBSERVATIONS.columns)
    return connection.execute(
        f"SELECT {columns} FROM raw.camera_observation WHERE camera_id = %s "
        "AND window_start BETWEEN %s AND %s ORDER BY window_start, zone_id",
        (batch[0]["camera_id"], start, end),
    ).fetchall()


@lru_cache(maxsize=1)
def detector():
    """The warm detector of this process."""
    from models.video.detector import Detector

    return Detector(settings().cache / "weights" / "nanodet.onnx", threads=1)


def camera_view(camera: Camera):
    """The city pack's camera as the model wants it."""
    from models.video.ground import Mark, ground_plane
    from models.video.view import CameraView
    from models.video.view import Region as ModelRegion

    regions = tuple(
        ModelRegion(
            zone_id=region.zone_id,
            polygon=tuple(region.polygon),
            area_m2=region.area_m2,
            is_pedestrian=city().zone(region.zone_id).is_pedestrian,
            way_deg=region.way_deg,
        )
        for region in camera.regions
    )
    ground = ground_plane([Mark(*mark) for mark in camera.ground]) if camera.ground else None
    return CameraView(camera.camera_id, regions, camera.analysis_rate_hz, ground)


def rules():
    """The city's thresholds for named events, as the model wants them."""
    from models.video.crowding import CrowdRules
    from models.video.events import SIGN_KINDS, EventRules

    values = {name: t.value for name, t in city().thresholds.video_events.items()}
    return EventRules(
        people_mean_in_closed_zone=values["intrusion"],
        density_per_m2=values["density_level"],
        vehicles_mean_in_pedestrian_zone=values["vehicle_in_pedestrian_zone"],
        min_windows=int(values["min_windows"]),
        max_gap_s=values["max_gap_s"],
        pedestrian_zones=frozenset(z.zone_id for z in city().zones if z.is_pedestrian),
        is_closed=lambda zone_id, moment: city().zone(zone_id).is_closed(moment, city().timezone),
        sign_limits={kind: values[kind] for kind in SIGN_KINDS & values.keys()},
        crowd=CrowdRules(values["crowd_people"], values["crowd_factor"])
        if {"crowd_people", "crowd_factor"} <= values.keys()
        else None,
    )
