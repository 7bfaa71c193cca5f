"""What the analysis of footage hands on: numbers about zones and windows, never pictures."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Observation:
    """What a camera counted in one zone in one window: the columns of raw.camera_observation."""

    camera_id: str
    zone_id: str
    window_start: datetime
    window_end: datetime
    people_mean: float
    people_max: int
    density_per_m2: float | None
    speed_m_s: float | None
    motion_px_s: float
    flow_direction_deg: float | None
    vehicles_mean: float
    anomaly_score: float | None  # 1 = the alarm score that the camera learnt for its budget
    frame_count: int
    is_blind: bool
    model_version: str
    fruin_level: str | None = None  # A to F, of the mean density
    entered_count: int = 0  # people and vehicles that came over the zone's border
    left_count: int = 0
    dwell_s: float | None = None  # mean, of the people seen: a stretch's end cuts it


@dataclass(frozen=True)
class LineCount:
    """How many crossed a line in one window, each way: the columns of raw.line_crossing.

    Right is the right hand of who stands at the line's first point and looks to its second.
    """

    camera_id: str
    line_id: str
    window_start: datetime
    window_end: datetime
    people_right_count: int
    people_left_count: int
    vehicles_right_count: int
    vehicles_left_count: int
    model_version: str


@dataclass(frozen=True)
class Sign:
    """Something in one stretch of footage that may be, or be a part of, an event.

    Of a place and a time: which track showed it is not kept. `value` is what was measured, in the
    unit of the kind (`models/video/behaviour.py`); what of it counts, the city's thresholds say.
    """

    camera_id: str
    zone_id: str
    kind: str
    started_at: datetime
    ended_at: datetime
    value: float
    model_version: str


@dataclass(frozen=True)
class SegmentAnalysis:
    """All that a segment showed, and how much of the segment could be read.

    `leaps`: timestamps that ran backwards or leapt, and were not believed. `withheld`: why there
    is no anomaly score of it, or of a part of it.
    """

    observations: tuple[Observation, ...]
    frames_read: int
    frames_expected: int
    signs: tuple[Sign, ...] = ()
    leaps: int = 0
    withheld: str | None = None
    line_counts: tuple[LineCount, ...] = ()

    @property
    def coverage(self) -> float:
        """Share 0-1 of the announced frames that could be read."""
        return self.frames_read / self.frames_expected
