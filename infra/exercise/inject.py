"""Put a scenario's signals where the platform looks for them: at the lowest station that is honest.

Footage as a file that a camera exported, posts on a feed, incidents and calendar in their files.
Crowds of hundreds are in no film at hand, so those enter as a camera's counts, at their door.
"""

import csv
import datetime as dt
import os
from pathlib import Path
from typing import Any

from infra.exercise.film import drive_through
from infra.exercise.scenario import Counts, Film, Planned, Recorded, Scenario
from infra.exercise.world import FEED_ZONE, HOUR, World

WINDOW = dt.timedelta(seconds=10)
MINUTE = dt.timedelta(minutes=1)


def inject(scenario: Scenario, world: World, run: Any) -> None:
    """Make all signals of a scenario available; the platform has not looked yet."""
    if scenario.planned:
        _plan(scenario, scenario.planned, world)
    for number, incident in enumerate(scenario.recorded):
        _record(scenario, incident, number, world)
    for post in scenario.posts:
        world.post_count += 1  # one a minute: a feed's ids grow with time
        moment = (world.hour + world.post_count % 60 * MINUTE).astimezone(FEED_ZONE)
        line = {"id": world.post_count, "day": 0, "time": f"{moment:%H:%M}", "hashtags": []}
        world.feed.add(line | post.model_dump(), moment.date())
    if scenario.film:
        _export(scenario.film, world)
    if scenario.counts:
        _count(scenario.counts, run)


def _export(film: Film, world: World) -> None:
    """A recording whose last picture was taken just now."""
    from precrisis.city import city

    started_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=film.seconds)
    folder = Path(city().source(city().camera(film.camera_id).source_id).address)
    target = folder / f"{film.camera_id}_{started_at:%Y%m%dT%H%M%SZ}.avi"
    drive_through(world.clip, target, film.seconds, film.vehicle_count)
    os.utime(target, (started_at.timestamp(),) * 2)  # its upload has ended


def _count(counts: Counts, run: Any) -> None:
    """Observations of the camera's first region, through their door; then events are named."""
    from models.video.observation import Observation, SegmentAnalysis
    from precrisis.city import city
    from precrisis.footage.analyse import write_analyses
    from precrisis.footage.naming import name

    camera = city().camera(counts.camera_id)
    region = camera.regions[0]
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    start = now - len(counts.people) * WINDOW
    seen = tuple(
        Observation(
            camera_id=camera.camera_id, zone_id=region.zone_id,
            window_start=start + n * WINDOW, window_end=start + (n + 1) * WINDOW,
            people_mean=people, people_max=people,
            density_per_m2=people / region.area_m2 if region.area_m2 else None,
            speed_m_s=None, motion_px_s=0.0, flow_direction_deg=None, vehicles_mean=0.0,
            anomaly_score=None, frame_count=20, is_blind=False, model_version="exercise",
        )
        for n, people in enumerate(counts.people)
    )  # fmt: skip
    key = f"exercise/{camera.camera_id}/{start:%Y%m%dT%H%M%SZ}"
    write_analyses({key: SegmentAnalysis(seen, 20, 20)}, key)
    name([{
        "camera_id": camera.camera_id, "source_id": camera.source_id, "object_key": key,
        "started_at": start.isoformat(),
    }], run)  # fmt: skip


def _plan(scenario: Scenario, planned: Planned, world: World) -> None:
    _append(world, "calendar.csv", {
        "source_id": f"exercise-{scenario.name}", "title": planned.title, "kind": planned.kind,
        "zone_id": scenario.zone_id, "starts_at": (world.hour - HOUR).isoformat(),
        "ends_at": (world.hour + 3 * HOUR).isoformat(),
        "expected_people": planned.expected_people,
    })  # fmt: skip


def _record(scenario: Scenario, incident: Recorded, number: int, world: World) -> None:
    from precrisis.city import city

    at = world.hour + HOUR - incident.minutes_before * MINUTE
    point = city().zone(scenario.zone_id).geometry.representative_point()
    _append(world, "incidents.csv", {
        "source_id": f"exercise-{scenario.name}-{number}", "category": incident.category,
        "occurred_from": at.isoformat(), "occurred_to": (at + MINUTE).isoformat(),
        "longitude": point.x, "latitude": point.y, "accuracy_m": 20, "found_by": incident.found_by,
    })  # fmt: skip


def _append(world: World, name: str, row: dict[str, Any]) -> None:
    file = world.samples / "records" / name
    with file.open(newline="") as stream:
        columns = next(csv.reader(stream))
    with file.open("a", newline="") as stream:
        csv.DictWriter(stream, columns).writerow(row)
