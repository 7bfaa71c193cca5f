"""Has somebody, or the weather, put the camera out of use: turned away, out of focus, smeared?

Within one stretch, against what the stretch itself showed before. Black, covered and frozen
pictures are `motion.camera_health`; a camera that was turned between two stretches is told by the
view that it was calibrated on (`anomaly/view.py`).
"""

from collections import deque

import cv2
import numpy as np

from models.video.anomaly.view import edges, likeness
from models.video.kinds import CAMERA_BLURRED, CAMERA_MOVED

LEARN_LOOKS = 6  # of the stretch's beginning: what passes by is averaged away
RECENT_LOOKS = 3
MIN_LIKENESS = 0.4  # of where the edges are; people and lighting left it above 0.7
SHARP_SHARE = 0.4  # of the fine detail of before
MIN_DETAIL = 1.0  # levels: a picture without any cannot lose it


class Lookout:
    """Follows one stretch's edges and fine detail."""

    def __init__(self) -> None:
        self._learnt: list[tuple[np.ndarray, float]] = []
        self._recent: deque[tuple[np.ndarray, float]] = deque(maxlen=RECENT_LOOKS)
        self._view: tuple[np.ndarray, float] | None = None

    def look(self, grey: np.ndarray) -> str | None:
        """Take in a frame (uint8, half size); return what was done to the camera, None: nothing."""
        seen = edges(grey), fine_detail(grey)
        if self._view is None:
            self._learnt.append(seen)
            if len(self._learnt) == LEARN_LOOKS:
                self._view = _mean(self._learnt)
            return None
        self._recent.append(seen)
        return self._judged() if len(self._recent) == RECENT_LOOKS else None

    def _judged(self) -> str | None:
        (learnt, sharp), (now, sharp_now) = self._view, _mean(self._recent)
        if sharp > MIN_DETAIL and sharp_now < SHARP_SHARE * sharp:
            return CAMERA_BLURRED
        return CAMERA_MOVED if likeness(now, learnt) < MIN_LIKENESS else None


def fine_detail(grey: np.ndarray) -> float:
    """Median, over 16 x 16 px blocks that have any, of the mean absolute Laplacian, in levels."""
    detail = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=1)).astype(np.float32)
    size = max(1, grey.shape[1] // 16), max(1, grey.shape[0] // 16)
    blocks = cv2.resize(detail, size, interpolation=cv2.INTER_AREA)
    return float(np.quantile(blocks, 0.75))


def _mean(seen) -> tuple[np.ndarray, float]:
    maps, details = zip(*seen, strict=True)
    return np.mean(maps, axis=0), float(np.mean(details))
