"""Name what happened: turn runs of observations into events a person can act on.

Thresholds are not kept here: they belong to the city. An event's id is made of what it is, so
naming the same observations again gives the same ids. What was seen in one stretch of time must be
passed together: windows or signs passed in two calls cannot merge into one event.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from models.video.crowding import CrowdRules, crowd_strengths
from models.video.kinds import (
    ANOMALY,
    CAMERA_BLIND,
    CAMERA_BLURRED,
    CAMERA_MOVED,
    DENSITY_LEVEL,
    DISPERSAL,
    GATHERING,
    INTRUSION,
    OBJECT_LEFT,
    RUNNING,
    STAYING,
    STOPPED,
    VEHICLE_IN_PEDESTRIAN_ZONE,
    WRONG_WAY,
)
from models.video.observation import Observation, Sign

# A sign of these has to last (s), put together from neighbouring stretches; of the others one
# sign has to reach the limit (running: m/s, wrong way: m, anomaly: alarm scores).
LASTING = frozenset({STAYING, STOPPED, OBJECT_LEFT, CAMERA_MOVED, CAMERA_BLURRED})
SIGN_KINDS = LASTING | {RUNNING, WRONG_WAY, ANOMALY}
# No run of windows is waited for.
AT_ONCE = frozenset({RUNNING, WRONG_WAY, ANOMALY, GATHERING, DISPERSAL})
KINDS = SIGN_KINDS | {
    *(INTRUSION, DENSITY_LEVEL, VEHICLE_IN_PEDESTRIAN_ZONE, CAMERA_BLIND),
    *(GATHERING, DISPERSAL),
}


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
    sign_limits: Mapping[str, float] = field(default_factory=dict)  # of SIGN_KINDS; missing: off
    crowd: CrowdRules | None = None  # gathering and dispersal; None: off

    def __post_init__(self) -> None:
        limits = (
            "people_mean_in_closed_zone",
            "density_per_m2",
            "vehicles_mean_in_pedestrian_zone",
        )
        if unknown := self.sign_limits.keys() - SIGN_KINDS:
            raise ValueError(f"no kind of sign: {', '.join(sorted(unknown))}")
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
class _Evidence:
    """A stretch that counts towards one kind; `strength` 1 = exactly at the limit."""

    kind: str
    camera_id: str
    zone_id: str
    model_version: str
    start: datetime
    end: datetime
    strength: float

    @property
    def thread(self) -> tuple[str, str, str, str]:
        """What evidence must share to be one event."""
        return self.kind, self.camera_id, self.zone_id, self.model_version


def name_events(
    observations: Iterable[Observation], rules: EventRules, signs: Iterable[Sign] = ()
) -> list[VideoEvent]:
    """Return the events in `observations` and `signs` (any order), by start, then id.

    `confidence` is no probability: 0.5 at the limit, 1 at twice the limit or more; for a blind
    camera it grows with the number n of windows, n / (n + 1).
    """
    observations = sorted(observations, key=lambda o: (o.camera_id, o.zone_id, o.window_start))
    evidence = [one for seen in observations for one in _of_observation(seen, rules)]
    evidence += _of_crowds(observations, rules)
    evidence += [one for sign in signs for one in _of_sign(sign, rules)]
    evidence.sort(key=lambda one: (one.thread, one.start, one.end))
    runs = [
        run
        for _, thread in groupby(evidence, key=lambda one: one.thread)
        for run in _runs(thread, timedelta(seconds=rules.max_gap_s))
    ]
    events = [_event(run, rules) for run in runs if _is_event(run, rules)]
    return sorted(events, key=lambda event: (event.started_at, event.event_id))


def _of_observation(seen: Observation, rules: EventRules) -> Iterator[_Evidence]:
    """A blind camera's counts are no evidence, so blindness is then the only sign."""
    if seen.is_blind:
        yield _evidence(CAMERA_BLIND, seen, 1.0)
        return
    limits = [(DENSITY_LEVEL, seen.density_per_m2, rules.density_per_m2)]
    if rules.is_closed(seen.zone_id, seen.window_start):
        limits.append((INTRUSION, seen.people_mean, rules.people_mean_in_closed_zone))
    if seen.zone_id in rules.pedestrian_zones:
        limit = rules.vehicles_mean_in_pedestrian_zone
        limits.append((VEHICLE_IN_PEDESTRIAN_ZONE, seen.vehicles_mean, limit))
    for kind, value, limit in limits:
        if value is not None and value >= limit:
            yield _evidence(kind, seen, value / limit)


def _of_crowds(observations: list[Observation], rules: EventRules) -> Iterator[_Evidence]:
    if rules.crowd is None:
        return
    seeing = [seen for seen in observations if not seen.is_blind]
    for _, zone in groupby(seeing, key=lambda seen: (seen.camera_id, seen.zone_id)):
        for kind, seen, strength in crowd_strengths(list(zone), rules.crowd):
            yield _evidence(kind, seen, strength)


def _of_sign(sign: Sign, rules: EventRules) -> Iterator[_Evidence]:
    limit = rules.sign_limits.get(sign.kind, math.inf)
    if math.isfinite(limit) and (sign.kind in LASTING or sign.value >= limit):
        yield _Evidence(
            sign.kind,
            sign.camera_id,
            sign.zone_id,
            sign.model_version,
            sign.started_at,
            sign.ended_at,
            sign.value / limit,
        )


def _evidence(kind: str, seen: Observation, strength: float) -> _Evidence:
    return _Evidence(
        kind,
        seen.camera_id,
        seen.zone_id,
        seen.model_version,
        seen.window_start,
        seen.window_end,
        strength,
    )


def _runs(evidence: Iterable[_Evidence], max_gap: timedelta) -> list[list[_Evidence]]:
    """Cut the evidence of one thread, in time order, where the gap is too long."""
    runs: list[list[_Evidence]] = []
    for one in evidence:
        if runs and one.start - max(other.end for other in runs[-1]) <= max_gap:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _lasted_s(run: list[_Evidence]) -> float:
    return (max(one.end for one in run) - run[0].start).total_seconds()


def _is_event(run: list[_Evidence], rules: EventRules) -> bool:
    if run[0].kind in LASTING:
        return _lasted_s(run) >= rules.sign_limits[run[0].kind]
    return len(run) >= (rules.min_windows if run[0].kind not in AT_ONCE else 1)


def _event(run: list[_Evidence], rules: EventRules) -> VideoEvent:
    first = run[0]
    return VideoEvent(
        event_id=_event_id(first),
        camera_id=first.camera_id,
        zone_id=first.zone_id,
        kind=first.kind,
        started_at=first.start,
        ended_at=max(one.end for one in run),
        confidence=_confidence(run, rules),
        model_version=first.model_version,
    )


def _event_id(first: _Evidence) -> str:
    """32 hex digits of what makes the event this one."""
    parts = (*first.thread, first.start.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _confidence(run: list[_Evidence], rules: EventRules) -> float:
    kind = run[0].kind
    if kind == CAMERA_BLIND:
        return len(run) / (len(run) + 1)
    if kind in LASTING:
        return min(1.0, _lasted_s(run) / rules.sign_limits[kind] / 2)
    return min(1.0, sum(one.strength for one in run) / len(run) / 2)
