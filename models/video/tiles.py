"""A wide view looked at in overlapping tiles, each as large in the network's picture as a whole.

People who are too small for the detector in the whole picture are then seen; each tile costs what a
whole picture does, where something changes in it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from models.video.attention import Attention
from models.video.detector import CUT_PX, Detection, Detector, strongest_boxes
from models.video.tracking import family_of

OVERLAP = 0.2  # of a tile, with the next: whoever is smaller is whole in one of them
NUMBERS = {"person": 0, "bicycle": 1, "vehicle": 2}


class TiledAttention:
    """As Attention, over `tiles` (across, down) of the picture."""

    def __init__(
        self, detector: Detector, height_px: int, width_px: int, tiles: tuple[int, int]
    ) -> None:
        self._shape = height_px, width_px
        self._tiles = [
            ((top, left, bottom, right), Attention(detector, bottom - top, right - left))
            for top, bottom in _spans(height_px, tiles[1])
            for left, right in _spans(width_px, tiles[0])
        ]

    def detect(self, at_s: float, grey: np.ndarray, frame_bgr: np.ndarray) -> list[Detection]:
        """Return what is there at `at_s`, looking only where `grey` (of the frame) changed."""
        if len(self._tiles) == 1:
            return self._tiles[0][1].detect(at_s, grey, frame_bgr)
        scale = grey.shape[0] / self._shape[0], grey.shape[1] / self._shape[1]
        found: list[Detection] = []
        for edges, attention in self._tiles:
            top, left, bottom, right = edges
            small = grey[
                int(top * scale[0]) : math.ceil(bottom * scale[0]),
                int(left * scale[1]) : math.ceil(right * scale[1]),
            ]
            seen = attention.detect(at_s, small, frame_bgr[top:bottom, left:right])
            found += self._whole(seen, edges)
        return _strongest(found)

    def _whole(
        self, seen: Sequence[Detection], edges: tuple[int, int, int, int]
    ) -> Iterator[Detection]:
        """Boxes in px of the picture, without those that go on in the next tile."""
        top, left, bottom, right = edges
        height, width = self._shape
        for one in seen:
            box = replace(one, x0=one.x0 + left, x1=one.x1 + left, y0=one.y0 + top, y1=one.y1 + top)
            is_cut = (
                (left > 0 and box.x0 < left + CUT_PX)
                or (top > 0 and box.y0 < top + CUT_PX)
                or (right < width and box.x1 > right - CUT_PX)
                or (bottom < height and box.y1 > bottom - CUT_PX)
            )
            if not is_cut:
                yield box


def _spans(length_px: int, count: int) -> list[tuple[int, int]]:
    """`count` equal spans that cover the length and overlap by OVERLAP of their own."""
    span = length_px / (count - (count - 1) * OVERLAP)
    starts = (round(i * span * (1 - OVERLAP)) for i in range(count))
    return [(start, min(length_px, start + math.ceil(span))) for start in starts]


def _strongest(found: list[Detection]) -> list[Detection]:
    """Each thing once: the overlap shows it to two tiles."""
    if not found:
        return []
    boxes = np.array([(one.x0, one.y0, one.x1, one.y1) for one in found])
    families = np.array([NUMBERS[family_of(one.label)] for one in found])
    kept = strongest_boxes(boxes, np.array([one.score for one in found]), families)
    return [found[i] for i in kept]
