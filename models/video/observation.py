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
    anomaly_score: float | None
    frame_count: int
    is_blind: bool
    model_version: str


@dataclass(frozen=True)
class SegmentAnalysis:
    """All observations of a segment, and how much of the segment could be read."""

    observations: tuple[Observation, ...]
    frames_read: int
    frames_expected: int

    @property
    def coverage(self) -> float:
        """Share 0-1 of the announced frames that could be read."""
        return self.frames_read / self.frames_expected
