"""Four attributes to one score: each against its own left-out normal values, then added."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.video.anomaly.appearance import Memory
from models.video.anomaly.evidence import Evidence
from models.video.anomaly.scene import Scene
from models.video.anomaly.settings import Settings

ATTRIBUTES = ("speed", "appearance", "place", "whole")
MIN_SPAN = 1e-3


@dataclass(frozen=True)
class Normal:
    """What normal looks like to the four attributes."""

    limits: np.ndarray  # person heights a second, per row
    memory: Memory
    scene: Scene

    def parts(self, stream: Iterable[Evidence]) -> Iterator[np.ndarray]:
        """Yield the raw attributes of each frame; an attribute holds until it is measured again.

        NaN before it was measured for the first time.
        """
        held = np.full(len(ATTRIBUTES), np.nan)
        for seen in stream:
            if seen.row_speeds is not None:
                held[0] = (seen.row_speeds / self.limits).max()
            if seen.look is not None:
                if seen.look.is_moving is not None:
                    held[1] = self.memory.strangeness(seen.look.patches, seen.look.is_moving)
                held[2:] = self.scene.strangeness(seen.look.projected)
            yield held.copy()


@dataclass(frozen=True)
class Scales:
    """Median, and span (top quantile - median) over weight, of each attribute.

    Over left-out normal frames.
    """

    median: np.ndarray
    span: np.ndarray

    def calibrated(self, parts: np.ndarray) -> np.ndarray:
        """0 = at most the median, the weight = top quantile; NaN stays."""
        return np.maximum((parts - self.median) / self.span, 0)


def learn_scales(parts: np.ndarray, settings: Settings) -> Scales:
    """Learn from raw attributes [frames, attributes] of normal frames scored as unseen ones."""
    median = np.nan_to_num(np.nanmedian(parts, axis=0))
    top = np.nan_to_num(np.nanquantile(parts, settings.top_quantile, axis=0))
    return Scales(median, np.maximum(top - median, MIN_SPAN) / np.array(settings.weights))


class CausalMean:
    """Sum over attributes of their mean over the last frames; past frames only."""

    def __init__(self, frames: int) -> None:
        self._last: deque[np.ndarray] = deque(maxlen=frames)

    def add(self, parts: np.ndarray) -> float:
        """Take in calibrated attributes; an attribute not measured yet adds nothing."""
        self._last.append(parts)
        window = np.array(self._last)
        is_known = ~np.isnan(window)
        total = np.where(is_known, window, 0).sum(axis=0)
        return float((total / np.maximum(is_known.sum(axis=0), 1)).sum())


def smooth_both_ways(parts: np.ndarray, sigma_frames: float) -> np.ndarray:
    """Scores [frames] of a finished clip from its attributes; uses the future: evaluation only."""
    filled = parts.copy()
    for column in filled.T:
        known = np.flatnonzero(~np.isnan(column))
        column[: known[0] if known.size else None] = column[known[0]] if known.size else 0
    return gaussian_filter1d(filled, sigma_frames, axis=0).sum(axis=1)
