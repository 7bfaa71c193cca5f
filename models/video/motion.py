"""How much, how fast and whereto the picture moves; and whether the camera sees at all.

Everything runs on grey frames at half size. Speeds are px/s of the full frame: without a
calibrated camera they cannot be metres.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

FLOW_VERSION = "flow-1"
SCALE = 0.5
MIN_SHIFT_PX = 0.5  # between two half-size frames: below this, flow is noise
DARK_LEVEL = 40  # of 255: the brightest 1 % of a dark frame lies below it
UNIFORM_DEVIATION = 8.0  # of 255: a lens cap, a hand or paint leaves less contrast than this
FROZEN_DIFFERENCE = 0.02  # of 255, mean: sensor noise alone is above it


def half_grey(frame_bgr: np.ndarray) -> np.ndarray:
    """Return the frame as uint8 grey at half its size."""
    grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, half_size(*grey.shape)[::-1], interpolation=cv2.INTER_AREA)


def half_size(height_px: int, width_px: int) -> tuple[int, int]:
    """Shape (height, width) of what half_grey returns."""
    return height_px // 2, width_px // 2


@dataclass(frozen=True)
class Motion:
    """Sums over moving pixels; sums add up over frames, so a window is `sum(motions, Motion())`."""

    pixel_count: int = 0
    speed_sum: float = 0.0
    right_sum: float = 0.0
    up_sum: float = 0.0

    def __add__(self, other: "Motion") -> "Motion":
        return Motion(
            self.pixel_count + other.pixel_count,
            self.speed_sum + other.speed_sum,
            self.right_sum + other.right_sum,
            self.up_sum + other.up_sum,
        )

    @property
    def mean_px_s(self) -> float:
        """Mean speed of the moving pixels in px/s; 0 when nothing moves."""
        return self.speed_sum / self.pixel_count if self.pixel_count else 0.0

    @property
    def direction_deg(self) -> float | None:
        """Mean direction in [0, 360): 0 = right, 90 = up in the picture (counter-clockwise)."""
        if not self.pixel_count:
            return None
        return math.degrees(math.atan2(self.up_sum, self.right_sum)) % 360


@dataclass(frozen=True)
class FlowField:
    """Velocity of every half-size pixel (px/s of the full frame) and which belong to something."""

    velocity: np.ndarray  # [h, w, 2]: right, down
    is_foreground: np.ndarray  # [h, w]
    gap_s: float

    @cached_property
    def _speed(self) -> np.ndarray:
        return np.hypot(self.velocity[..., 0], self.velocity[..., 1])

    def within(self, is_region: np.ndarray) -> Motion:
        """Sum the motion of the region's moving pixels."""
        min_speed = MIN_SHIFT_PX / SCALE / self.gap_s
        is_moving = is_region & self.is_foreground & (self._speed >= min_speed)
        right, down = self.velocity[is_moving].sum(axis=0, dtype=np.float64)
        speed_sum = float(self._speed[is_moving].sum(dtype=np.float64))
        return Motion(int(is_moving.sum()), speed_sum, float(right), -float(down))

    def foreground_share(self, is_region: np.ndarray) -> float:
        """Share 0-1 of the region that differs from the learnt background."""
        return float(self.is_foreground[is_region].mean()) if is_region.any() else 0.0


class MotionMeter:
    """Learns the background of one segment and measures flow against it."""

    def __init__(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
        # The faster presets read a walker before a textured wall up to a quarter too slow.
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._has_background = False

    def measure(self, before: np.ndarray, grey: np.ndarray, gap_s: float) -> FlowField:
        """Compare two half-size grey frames `gap_s` seconds apart."""
        if not self._has_background:  # else all of the first frame would be foreground
            self._background.apply(before)
            self._has_background = True
        is_foreground = self._background.apply(grey) > 0
        shift = self._flow.calc(before, grey, None)
        return FlowField(shift / (SCALE * gap_s), is_foreground, gap_s)


@dataclass(frozen=True)
class CameraHealth:
    """What keeps a frame from being evidence."""

    is_dark: bool
    is_uniform: bool
    is_frozen: bool

    @property
    def is_blind(self) -> bool:
        """True when nobody could be seen in the frame, or the frame is an old one."""
        return self.is_dark or self.is_uniform or self.is_frozen


def camera_health(grey: np.ndarray, previous: np.ndarray | None) -> CameraHealth:
    """Judge one grey frame; `previous` is the sample before it (None: cannot be frozen)."""
    return CameraHealth(
        is_dark=bool(np.percentile(grey, 99) < DARK_LEVEL),
        is_uniform=bool(grey.std() < UNIFORM_DEVIATION),
        is_frozen=previous is not None
        and float(cv2.absdiff(grey, previous).mean()) < FROZEN_DIFFERENCE,
    )
