"""How tall people are at each height of a camera's picture: one straight line for everybody."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models.video.detector import MIN_SCORE, Detection

MIN_PEOPLE = 30  # boxes a line is fitted to
ROUNDS = 3  # of fitting and leaving out what lies far off (merged or half hidden people)
MIN_HEIGHT_PX = 16


@dataclass(frozen=True)
class HeightLine:
    """Height of a person in px: `slope` x (y of the foot point in px) + `offset_px`."""

    slope: float
    offset_px: float

    def height_px(self, foot_y_px: float) -> float:
        """Height that anybody is given whose foot point lies at this y."""
        return max(MIN_HEIGHT_PX, self.slope * foot_y_px + self.offset_px)


def fit_height_line(detections: Iterable[Detection]) -> HeightLine | None:
    """Fit the line to people's boxes; None when there are too few, or all stand in one row."""
    people = [d for d in detections if d.label == "person" and d.score >= MIN_SCORE]
    foot = np.array([d.y1 for d in people])
    height = np.array([d.y1 - d.y0 for d in people])
    for _ in range(ROUNDS):
        if len(foot) < MIN_PEOPLE or np.ptp(foot) < np.median(height):
            return None
        slope, offset = np.polyfit(foot, height, 1)
        off = np.abs(height - slope * foot - offset)
        is_near = off <= 2 * np.median(off)
        foot, height = foot[is_near], height[is_near]
    return HeightLine(float(slope), float(offset))
