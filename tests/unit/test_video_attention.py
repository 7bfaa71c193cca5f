"""The detector looks where the picture changed, and nowhere else."""

import numpy as np
import pytest

from models.video.attention import LOOK_AGAIN_S, Attention, joined, lifted
from models.video.detector import Detection, Window, cell_grid

HEIGHT, WIDTH = 416, 544  # 13 x 17 cells of 32 px


class Remembers:
    """Stands in for the detector: notes where it was asked to look; sees one thing everywhere."""

    def __init__(self, *seen: Detection) -> None:
        self.seen, self.asked = list(seen), []

    def detect(self, frame_bgr, windows=None):
        self.asked.append(windows)
        return list(self.seen)


def grey(*spots: tuple[int, int], level: int = 200) -> np.ndarray:
    """A grey picture with bright spots of 40 px at (row, column) of cells."""
    picture = np.full((HEIGHT, WIDTH), 100, np.uint8)
    for row, column in spots:
        picture[row * 32 : row * 32 + 40, column * 32 : column * 32 + 40] = level
    return picture


def look(attention, at_s, picture):
    return attention.detect(at_s, picture, np.dstack([picture] * 3))


def test_nothing_changed_costs_no_look_and_keeps_what_was_found():
    here = Detection(40, 40, 60, 90, "person", 0.8)
    detector = Remembers(here)
    attention = Attention(detector, HEIGHT, WIDTH)
    assert [look(attention, at_s, grey()) for at_s in (0, 1, 2)] == [[here]] * 3
    assert detector.asked == [None]


def test_only_what_changed_is_looked_at():
    detector = Remembers()
    attention = Attention(detector, HEIGHT, WIDTH)
    look(attention, 0, grey())
    look(attention, 1, grey((5, 3)))
    look(attention, 2, grey((5, 3)))
    assert detector.asked == [None, [Window(4, 2, 8, 6)]]


def test_window_takes_in_whoever_it_cuts():
    tall = Detection(3 * 32, 1 * 32, 4 * 32, 6 * 32, "person", 0.8)
    detector = Remembers(tall)
    attention = Attention(detector, HEIGHT, WIDTH)
    look(attention, 0, grey())
    assert look(attention, 1, grey((5, 3))) == [tall]
    assert detector.asked[1] == [Window(0, 2, 8, 6)]


def test_a_slow_change_is_seen_once_it_adds_up():
    detector = Remembers()
    attention = Attention(detector, HEIGHT, WIDTH)
    for step in range(4):
        look(attention, step, grey((5, 3), level=100 + 4 * step))
    assert len(detector.asked) == 2


def test_much_change_and_time_mean_a_look_at_everything():
    detector = Remembers()
    attention = Attention(detector, HEIGHT, WIDTH)
    look(attention, 0, grey())
    look(attention, 1, grey() + 50)
    look(attention, 1 + LOOK_AGAIN_S, grey() + 50)
    assert detector.asked == [None, None, None]


def test_noise_of_the_night_is_no_change():
    generator, detector = np.random.default_rng(3), Remembers()
    attention = Attention(detector, HEIGHT, WIDTH)
    for at_s in range(5):
        noise = generator.normal(0, 12, (HEIGHT, WIDTH))
        look(attention, at_s, np.clip(grey() + noise, 0, 255).astype(np.uint8))
    assert detector.asked == [None]


@pytest.mark.parametrize(
    ("windows", "found", "expected"),
    [
        ([Window(0, 0, 3, 3), Window(0, 3, 3, 6)], [], [Window(0, 0, 3, 6)]),
        (
            [Window(0, 0, 2, 2), Window(9, 9, 11, 11)],
            [],
            [Window(0, 0, 2, 2), Window(9, 9, 11, 11)],
        ),
        ([Window(0, 0, 2, 2)], [Window(1, 0, 5, 2)], [Window(0, 0, 5, 2)]),
        ([Window(0, 0, 2, 2)], [Window(4, 4, 5, 5)], [Window(0, 0, 2, 2)]),
    ],
)
def test_windows_are_joined_only_where_that_saves_work(windows, found, expected):
    assert joined(windows, found) == expected


@pytest.mark.parametrize(
    ("size", "cells"),
    [((576, 768), (13, 17)), ((1080, 1920), (11, 20)), ((2160, 3840), (11, 20)),
     ((1920, 1080), (20, 11)), ((96, 128), (6, 8)), ((64, 8192), (1, 168))],
)  # fmt: skip
def test_cells_keep_the_proportions_of_the_frame(size, cells):
    assert cell_grid(*size) == cells


@pytest.mark.parametrize(("level", "expected"), [(200, 200), (128, 128), (100, 230), (20, 80)])
def test_dim_pictures_are_lifted_for_the_detector(level, expected):
    frame = np.full((10, 10, 3), level, np.uint8)
    assert lifted(frame, frame[..., 0]).max() == expected
