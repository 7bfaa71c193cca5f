"""Is something there at the end of a stretch that was not there at its beginning, and stays?

Two medians of a few frames each are compared: what passes by is in neither. What is left must be
still, of a size between a bag and a person, and where nobody and no vehicle is tracked. That
it was brought, and not uncovered or taken away, is told by its edges: an object has more of them
than the ground it stands on.
"""

from collections.abc import Iterable

import cv2
import numpy as np

LOOKS = 6  # at each end of the stretch
CHANGED_LEVELS = 25  # of 255, on half-size grey
SIDE_PX = (6, 96)  # of its box at half size
MIN_FILL = 0.4  # of its box: a shadow's edge or a swaying rope fills less
EDGE_GAIN = 1.3  # times the edges that were there before

Box = tuple[int, int, int, int]  # x0, y0, x1, y1, px of the half-size picture


def left_objects(
    first: Iterable[np.ndarray], last: Iterable[np.ndarray], taken: Iterable[Box]
) -> list[Box]:
    """Compare half-size grey frames of both ends; `taken`: boxes of people and vehicles there."""
    before, after = _still(list(first)), _still(list(last))
    changed = (cv2.absdiff(before[0], after[0]) > CHANGED_LEVELS) & before[1] & after[1]
    for x0, y0, x1, y1 in taken:
        changed[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = False
    closed = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    boxes = [
        (x, y, x + w, y + h) for x, y, w, h, area in stats[1:count].tolist() if _fits(w, h, area)
    ]
    return [box for box in boxes if _gains_edges(before[0], after[0], box)]


def _still(frames: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The median of some frames, and where they agree with it."""
    stack = np.stack(frames)
    middle = np.median(stack, axis=0).astype(np.uint8)
    off = np.abs(stack.astype(np.int16) - middle).max(axis=0)
    return middle, off <= CHANGED_LEVELS


def _fits(width: int, height: int, area: int) -> bool:
    low, high = SIDE_PX
    return (
        low <= min(width, height)
        and max(width, height) <= high
        and area >= MIN_FILL * width * height
    )


def _gains_edges(before: np.ndarray, after: np.ndarray, box: Box) -> bool:
    x0, y0, x1, y1 = box
    part = np.s_[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2]
    old, new = (np.abs(cv2.Laplacian(p[part], cv2.CV_16S)).mean() for p in (before, after))
    return bool(new > EDGE_GAIN * old)
