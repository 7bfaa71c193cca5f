"""How fast things move for their size: mean optical flow in person-sized windows.

Dense windows, not detected objects: a missed or merged object would score nothing. Dividing by
the height that a person has at that row makes near and far comparable without a ground plane.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.video.anomaly.settings import Settings

SMOOTH_ROWS = 1 / 30  # sigma, share of all rows
MIN_HEIGHT_SHARE = 0.04  # of the picture's height: nobody is looked for who is smaller


@dataclass(frozen=True)
class WorkSize:
    """Sizes in px: of the picture that flow is computed on, and of the speed map."""

    width: int
    height: int
    scale: float  # work px per px of the frame
    step: int

    @property
    def map_shape(self) -> tuple[int, int]:
        """Rows and columns of the speed map."""
        return math.ceil(self.height / self.step), math.ceil(self.width / self.step)


def work_size(height_px: int, width_px: int, settings: Settings) -> WorkSize:
    """Return the sizes for frames of `height_px` x `width_px`."""
    scale = min(settings.max_enlargement, math.sqrt(settings.work_px / (height_px * width_px)))
    width, height = round(width_px * scale), round(height_px * scale)
    return WorkSize(width, height, scale, settings.map_step_px)


class SpeedMap:
    """Turns two pictures of one camera into the fastest window of each row."""

    def __init__(self, size: WorkSize, heights: tuple[float, float], settings: Settings) -> None:
        """`heights`: slope and offset of a person's height over its foot's row, in frame px."""
        self._size = size
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        rows, columns = size.map_shape
        cell = size.step / size.scale  # frame px per map row
        height = np.maximum(
            heights[0] * (np.arange(rows) + 0.5) * cell + heights[1], MIN_HEIGHT_SHARE * rows * cell
        )
        self.heights_px = height * size.scale
        window = np.maximum(2, (height / cell).round()).astype(int)
        half = np.maximum(1, (height / cell * settings.window_width / 2).round()).astype(int)
        across = np.arange(columns)
        self._top = np.maximum(0, np.arange(1, rows + 1) - window)[:, None]
        self._bottom = np.arange(1, rows + 1)[:, None]
        self._left = np.clip(across[None] - half[:, None], 0, columns)
        self._right = np.clip(across[None] + half[:, None] + 1, 0, columns)
        self._area = (window * (2 * half + 1))[:, None]

    def in_work_size(self, grey: np.ndarray) -> np.ndarray:
        """Return the grey frame in the size that flow is computed on."""
        shrinks = self._size.scale < 1
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return cv2.resize(grey, (self._size.width, self._size.height), interpolation=how)

    def shifts(self, before: np.ndarray, work: np.ndarray) -> np.ndarray:
        """Return how far each place moved, in work px, as the speed map's grid."""
        flow = cv2.resize(
            self._flow.calc(before, work, None),
            self._size.map_shape[::-1],
            interpolation=cv2.INTER_AREA,
        )
        return np.hypot(flow[..., 0], flow[..., 1])

    def row_speeds(self, shifts: np.ndarray, gap_s: float) -> np.ndarray:
        """Return each row's fastest window that stands on it, in person heights a second."""
        total = cv2.integral(shifts, sdepth=cv2.CV_64F)
        sums = (
            total[self._bottom, self._right]
            - total[self._bottom, self._left]
            - total[self._top, self._right]
            + total[self._top, self._left]
        )
        return ((sums / self._area).max(axis=1) / (self.heights_px * gap_s)).astype(np.float32)


def row_limits(quantiles: np.ndarray, settings: Settings) -> np.ndarray:
    """Speed limit per row from the groups' own quantiles [groups, rows].

    Limits collapse in rows where few people walk, so none is below the median over the rows.
    """
    limits = gaussian_filter1d(quantiles.max(axis=0), quantiles.shape[1] * SMOOTH_ROWS)
    used = limits[limits > 0]
    floor = max(settings.min_limit, float(np.median(used)) if used.size else 0.0)
    return np.maximum(limits, floor)
