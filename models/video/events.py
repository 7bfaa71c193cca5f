"""Name what happened: turn runs of observations into events a person can act on.

Thresholds are not kept here: they belong to the city. An event's id is made of what it is, so
naming the same observations again gives the same ids. Observations of one stretch of time must be
passed together: windows passed in two calls cannot merge into one event.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from models.video.observation import Observation

INTRUSION = "intrusion"
DENSITY_LEVEL = "density_level"
VEHICLE_IN_PEDESTRIAN_ZONE = "vehicle_in_pedestrian_zone"
CAMERA_BLIND = "camera_blind"


@dataclass(frozen=True)
class EventRules:
    """When an observation counts towards an event (the city pack says why each value)."""

    people_mean_in_closed_zone: float  # people; at or above it: intrusion
    density_per_m2: float  # people per m2; at or above it: density_level
    vehicles_mean_in_pedestrian_zone: float  # vehicles; at or above it
    min_windows: int  # shorter runs are not events
    max_gap_s: float  # runs further apart than this are two events
    pedestrian_zones: frozenset[str]
    is_closed: Callable[[str, datetime], bool]  # (zone_id, UTC time)

    def __post_init__(self) -> None:
        limits = (
            "people_mean_in_closed_zone",
            "density_per_m2",
            "vehicles_mean_in_pedestrian_zone",
        )
        for name in (*limits, "min_windows"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give a threshold above 0")


@dataclass(frozen=True)
class VideoEvent:
    """Something named that happened in view of a camera: the columns of raw.video_event."""

    event_id: str
    camera_id: str
    zone_id: str
    kind: str
    started_at: datetime
    ended_at: datetime
    confidence: float
    model_version: str


@dataclass(frozen=True)
class _Sign:
    """One observation that counts towards one kind; `strength` 1 = exactly at the limit."""

    kind: str
    observation: Observation
    strength: float

    @property
    def thread(self) -> tuple[str, str, str, str]:
        """What signs must share to be one event."""
        seen = self.observation
        return self.kind, seen.camera_id, seen.zone_id, seen.model_version


def name_events(observations: Iterable[Observation], rules: EventRules) -> list[VideoEvent]:
    """Return the events in `observations` (any order), by start, then id.

    `confidence` is no probability: 0.5 at the limit, 1 at twice the limit or more; for a blind
    camera it grows with the number n of windows, n / (n + 1).
    """
    signs = [sign for observation in observations for sign in _signs(observation, rules)]
    signs.sort(key=lambda sign: (sign.thread, sign.observation.window_start))
    runs = [
        run
        for _, thread in groupby(signs, key=lambda sign: sign.thread)
        for run in _runs(thread, timedelta(seconds=rules.max_gap_s))
    ]
    events = [_event(run) for run in runs if len(run) >= rules.min_windows]
    return sorted(events, key=lambda event: (event.started_at, event.event_id))


def _signs(seen: Observation, rules: EventRules) -> Iterator[_Sign]:
    """A blind camera's counts are no evidence, so blindness is then the only sign."""
    if seen.is_blind:
        yield _Sign(CAMERA_BLIND, seen, 1.0)
        return
    limits = [(DENSITY_LEVEL, seen.density_per_m2, rules.density_per_m2)]
    if rules.is_closed(seen.zone_id, seen.window_start):
        limits.append((INTRUSION, seen.people_mean, rules.people_mean_in_closed_zone))
    if seen.zone_id in rules.pedestrian_zones:
        limit = rules.vehicles_mean_in_pedestrian_zone
        limits.append((VEHICLE_IN_PEDESTRIAN_ZONE, seen.vehicles_mean, limit))
    for kind, value, limit in limits:
        if value is not None and value >= limit:
            yield _Sign(kind, seen, value / limit)


def _runs(signs: Iterable[_Sign], max_gap: timedelta) -> list[list[_Sign]]:
    """Cut signs of one thread, in time order, where the gap is too long."""
    runs: list[list[_Sign]] = []
    for sign in signs:
        is_close = runs and (
            sign.observation.window_start - runs[-1][-1].observation.window_end <= max_gap
        )
        if is_close:
            runs[-1].append(sign)
        else:
            runs.append([sign])
    return runs


def _event(run: list[_Sign]) -> VideoEvent:
    first, last = run[0].observation, run[-1].observation
    return VideoEvent(
        event_id=_event_id(run[0]),
        camera_id=first.camera_id,
        zone_id=first.zone_id,
        kind=run[0].kind,
        started_at=first.window_start,
        ended_at=last.window_end,
        confidence=_confidence(run),
        model_version=first.model_version,
    )


def _event_id(sign: _Sign) -> str:
    """32 hex digits of what makes the event this one."""
    parts = (*sign.thread, sign.observation.window_start.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _confidence(run: list[_Sign]) -> float:
    if run[0].kind == CAMERA_BLIND:
        return len(run) / (len(run) + 1)
    return min(1.0, sum(sign.strength for sign in run) / len(run) / 2)
