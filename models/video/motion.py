"""How much, how fast and whereto the picture moves; and whether the camera sees at all.

Everything runs on grey frames at half size. Speeds are px/s of the full frame: without a
calibrated camera they cannot be metres.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

FLOW_VERSION = "flow-2"
SCALE = 0.5
MIN_SHIFT_PX = 0.5  # between two half-size frames: below this, flow is noise
DARK_LEVEL = 40  # of 255: all but the brightest 1 % of a dark frame lie below it
DARK_SHARE = 0.01
FLOW_MARGIN, FLOW_SIDE = 32, 128  # half-size px round what moves, and at least
STILL_LEVELS = 12  # of 255, smoothed: pixels between two frames that differ by more have moved
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
        is_moving = is_region & self.is_foreground
        if not is_moving.any():
            return Motion()
        is_moving &= self._speed >= MIN_SHIFT_PX / SCALE / self.gap_s
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
        shift = np.zeros((*grey.shape, 2), np.float32)
        if (part := _moving_part(before, grey)) is None:
            return FlowField(shift, np.zeros(grey.shape, bool), gap_s)
        if not self._has_background:  # else all of the first frame would be foreground
            self._background.apply(before)
            self._has_background = True
        is_foreground = self._background.apply(grey) > 0
        now = np.ascontiguousarray(grey[part])
        shift[part] = self._flow.calc(np.ascontiguousarray(before[part]), now, None)
        return FlowField(shift / (SCALE * gap_s), is_foreground, gap_s)


def _moving_part(before: np.ndarray, grey: np.ndarray) -> tuple[slice, slice] | None:
    """The rectangle that holds all that differs between two frames, with a margin."""
    off = cv2.blur(cv2.absdiff(before, grey), (5, 5)) > STILL_LEVELS
    rows, columns = np.flatnonzero(off.any(axis=1)), np.flatnonzero(off.any(axis=0))
    if not len(rows):
        return None
    return _wide(rows[0], rows[-1], len(off)), _wide(columns[0], columns[-1], off.shape[1])


def _wide(first: int, last: int, length: int) -> slice:
    """At least FLOW_SIDE long where the picture is: optical flow needs room."""
    missing = max(0, FLOW_SIDE - (last - first + 1 + 2 * FLOW_MARGIN))
    low = max(0, first - FLOW_MARGIN - missing // 2)
    high = min(length, max(last + 1 + FLOW_MARGIN, low + FLOW_SIDE))
    return slice(max(0, min(low, high - FLOW_SIDE)), high)


@dataclass(frozen=True)
class CameraHealth:
    """What keeps a frame from being evidence."""

    is_dark: bool
    is_uniform: bool
    is_frozen: bool

    @property
    def reason(self) -> str | None:
        """Why nobody could be seen in the frame; None when they could."""
        reasons = ("dark", self.is_dark), ("covered", self.is_uniform), ("frozen", self.is_frozen)
        return next((name for name, holds in reasons if holds), None)

    @property
    def is_blind(self) -> bool:
        """True when nobody could be seen in the frame, or the frame is an old one."""
        return self.reason is not None


def camera_health(grey: np.ndarray, previous: np.ndarray | None) -> CameraHealth:
    """Judge one grey frame; `previous` is the sample before it (None: cannot be frozen)."""
    return CameraHealth(
        is_dark=bool((grey >= DARK_LEVEL).mean() < DARK_SHARE),
        is_uniform=bool(cv2.meanStdDev(grey)[1][0, 0] < UNIFORM_DEVIATION),
        is_frozen=previous is not None
        and float(cv2.absdiff(grey, previous).mean()) < FROZEN_DIFFERENCE,
    )
