"""Crossings of lines, each way: ways made up, and one walker seen by a stand-in detector."""

from datetime import UTC, datetime

import numpy as np
import pytest

from models.video.detector import Detection
from models.video.paths import Path, path_of
from models.video.summary import Window, line_count
from models.video.tracking import Axis, Track
from models.video.view import CameraView, Line, Region

GATE = Line("gate", (0.5, 0.2), (0.5, 0.8))  # looking down the picture: right is the picture's left
WHOLE = Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1)))
CAMERA = CameraView("c", (WHOLE,), lines=(GATE,))


def way(*places: tuple[float, float], family: str = "person", height: float = 0.1) -> Path:
    """A second from place to place."""
    seen = np.array(places, dtype=float)
    return Path(family, np.arange(len(places), dtype=float), seen, seen * 20, height)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (way((0.3, 0.5), (0.4, 0.5), (0.6, 0.5)), [(2.0, False)]),
        (way((0.6, 0.5), (0.4, 0.5)), [(1.0, True)]),
        (way((0.4, 0.5), (0.6, 0.5), (0.4, 0.5)), [(1.0, False), (2.0, True)]),
        (way((0.3, 0.9), (0.7, 0.9)), []),  # below the line's end
        (way((0.3, 0.1), (0.7, 0.1)), []),  # above it
        (way((0.4, 0.5), (0.495, 0.5), (0.505, 0.5), (0.495, 0.5)), []),  # who stands on it
        (way((0.4, 0.5), (0.505, 0.5), (0.52, 0.5)), [(2.0, False)]),  # once clearly beyond it
    ],
)
def test_a_line_is_crossed_between_its_ends_by_who_gets_clearly_beyond_it(path, expected):
    assert list(path.line_crossings(GATE)) == expected


def test_a_slanted_line_knows_its_right():
    slanted = Line("s", (0.2, 0.8), (0.8, 0.2))  # up to the right: its right hand is below
    below, above = (0.7, 0.7), (0.3, 0.3)
    assert slanted.offset(*below) > 0 > slanted.offset(*above)
    assert list(way(above, below).line_crossings(slanted)) == [(1.0, True)]


def test_a_window_counts_people_and_vehicles_apart_and_its_own_crossings():
    paths = [
        way((0.4, 0.5), (0.6, 0.5)),
        way((0.6, 0.5), (0.6, 0.5), (0.6, 0.5), (0.4, 0.5)),  # in the next window
        way((0.6, 0.4), (0.4, 0.4), family="vehicle"),
        way((0.6, 0.4), (0.4, 0.4), family="bicycle"),
    ]
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), 0.0, 3.0, False, ())
    count = line_count(CAMERA, GATE, window, paths, "m")
    assert (count.people_left_count, count.people_right_count) == (1, 0)
    assert (count.vehicles_left_count, count.vehicles_right_count) == (0, 1)
    assert (count.line_id, (count.window_end - count.window_start).total_seconds()) == ("gate", 3)


@pytest.mark.parametrize("ends", [((0.5, 0.5), (0.5, 0.5)), ((0, 0), (1.2, 0))])
def test_a_line_that_is_none_is_refused(ends):
    with pytest.raises(ValueError, match="line gate"):
        Line("gate", *ends)


def test_two_lines_of_one_id_are_refused():
    with pytest.raises(ValueError, match="two lines"):
        CameraView("c", (WHOLE,), lines=(GATE, GATE))


LEFT = Region("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
SIZE = (200, 100)


def walked(*places_px: float, looked_s: tuple[float, float]) -> Path:
    """A walker 40 px tall and 16 wide along y = 60 px, seen each second from second 1 on."""
    places = [(1.0 + n, x, 60.0) for n, x in enumerate(places_px)]
    box = Detection(0, 20, 16, 60, "person", 0.9)
    track = Track(box, (Axis(0, 0, None), Axis(0, 0, None)), 1, 1, 0.9, 16, 40, places=places)
    return path_of(track, CAMERA, SIZE, looked_s)


@pytest.mark.parametrize(
    ("places_px", "looked_s", "expected"),
    [
        ((10, 30, 60), (0, 9), [(1.0, True)]),  # from the picture's left side
        ((35, 60, 80), (0, 9), [(1.0, True)]),  # a look before it was there, at its pace
        ((50, 60, 80), (0, 9), []),  # from behind something
        ((10, 30, 60), (1, 9), []),  # it was there when the stretch began
        ((60, 35, 10), (0, 9), [(3.0, False)]),
        ((60, 35, 10), (0, 3), []),  # it is there as the stretch ends
        ((190, 170, 160), (0, 9), []),  # by the other side, which the zone does not reach
    ],
)
def test_a_zone_that_reaches_the_picture_s_edge_is_entered_and_left_over_it(
    places_px, looked_s, expected
):
    assert list(walked(*places_px, looked_s=looked_s).crossings(LEFT)) == expected
