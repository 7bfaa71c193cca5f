"""A wide view in tiles: what is small is found, at its place in the whole picture, and once."""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
import pytest

from models.video.detector import Detection
from models.video.tiles import TiledAttention, _spans
from models.video.view import CameraView, Region

SIZE = 800, 400  # width, height
WHOLE = Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1)))


@dataclass
class FindsBright:
    """Stands in for the detector: a box round each bright patch of what it is shown."""

    shown: list = field(default_factory=list)

    def detect(self, frame_bgr, windows=None):
        self.shown.append(frame_bgr.shape[:2])
        mask = (frame_bgr[..., 0] > 200).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        return [
            Detection(x, y, x + w, y + h, "person", min(0.9, w * h / 1000))
            for x, y, w, h, _ in stats[1:count].tolist()
        ]


def picture(*patches: tuple[int, int, int, int]) -> np.ndarray:
    frame = np.full((SIZE[1], SIZE[0], 3), 140, np.uint8)
    for x, y, w, h in patches:
        frame[y : y + h, x : x + w] = 255
    return frame


def found(tiles: tuple[int, int], *patches: tuple[int, int, int, int]):
    detector, frame = FindsBright(), picture(*patches)
    attention = TiledAttention(detector, SIZE[1], SIZE[0], tiles)
    grey = cv2.resize(frame[..., 0], (SIZE[0] // 2, SIZE[1] // 2))
    boxes = attention.detect(0.0, grey, frame)
    return sorted((one.x0, one.y0, one.x1, one.y1) for one in boxes), detector.shown


@pytest.mark.parametrize("tiles", [(1, 1), (2, 1), (2, 2), (3, 2), (4, 4)])
def test_everybody_is_found_once_and_in_place_however_the_view_is_cut(tiles):
    patches = [(10, 10, 10, 25), (395, 190, 10, 25), (780, 370, 10, 25), (260, 100, 10, 25)]
    boxes, shown = found(tiles, *patches)
    assert boxes == sorted((x, y, x + w, y + h) for x, y, w, h in patches)
    assert len(shown) == tiles[0] * tiles[1]


@pytest.mark.parametrize(("length_px", "count"), [(800, 1), (800, 2), (1080, 3), (101, 4)])
def test_tiles_cover_all_and_overlap(length_px, count):
    spans = _spans(length_px, count)
    assert (spans[0][0], spans[-1][1]) == (0, length_px)
    for (_, end), (start, _) in pairwise(spans):
        assert end - start >= 0.15 * (spans[0][1] - spans[0][0])


def test_a_tile_in_which_nothing_changes_is_not_looked_at_again():
    detector = FindsBright()
    attention = TiledAttention(detector, SIZE[1], SIZE[0], (2, 1))
    for at_s, patch in enumerate([(10, 10, 20, 50), (60, 10, 20, 50)]):
        frame = picture(patch, (700, 300, 20, 50))
        grey = cv2.resize(frame[..., 0], (SIZE[0] // 2, SIZE[1] // 2))
        boxes = attention.detect(float(at_s), grey, frame)
    assert len(detector.shown) == 3
    assert sorted(one.x0 for one in boxes) == [60, 700]


@pytest.mark.parametrize("tiles", [(0, 1), (1, 5)])
def test_tiles_without_sense_are_refused(tiles):
    with pytest.raises(ValueError, match="tiles"):
        CameraView("c", (WHOLE,), tiles=tiles)
