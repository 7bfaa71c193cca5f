"""Metres from a picture: a camera worked out by hand, and marks that give no plane."""

import numpy as np
import pytest

from models.video.ground import BadMarks, Mark, fruin_level, ground_plane

# A camera 5 m up that looks 30 degrees down: x = 0.5 + u/2, y = 0.5 + v/2.
TILT, HEIGHT_M = np.radians(30), 5.0


def seen(x_m: float, y_m: float, off: float = 0.0) -> Mark:
    depth = y_m * np.cos(TILT) + HEIGHT_M * np.sin(TILT)
    down = -y_m * np.sin(TILT) + HEIGHT_M * np.cos(TILT)
    return Mark(0.5 + x_m / depth / 2 + off, 0.5 + down / depth / 2, x_m, y_m)


FOUR = [seen(-2, 6), seen(2, 6), seen(-4, 14), seen(4, 14)]


def test_points_between_the_marks_come_out_in_metres():
    plane, point = ground_plane(FOUR), seen(1.5, 9)
    assert plane.metres(point.x, point.y) == pytest.approx((1.5, 9))
    assert plane.error_m is None


def test_area_of_a_square_seen_in_perspective():
    corners = [seen(x, y) for x, y in ((-2, 6), (2, 6), (2, 11), (-2, 11))]
    area_m2 = ground_plane(FOUR).area_m2([(mark.x, mark.y) for mark in corners])
    assert area_m2 == pytest.approx(20)


def test_horizon_and_sky_are_nowhere():
    plane = ground_plane(FOUR)
    assert plane.metres(0.5, 0.5 - np.tan(TILT) / 2 - 0.01) is None
    assert plane.metres(0.5, 0.0) is None
    assert plane.area_m2([(0, 0), (1, 0), (1, 1)]) is None


def test_error_is_that_of_points_left_out():
    assert ground_plane([*FOUR, seen(0, 10)]).error_m == pytest.approx(0, abs=1e-6)
    wrong = ground_plane([*FOUR, seen(0, 10, off=0.02), seen(1, 8), seen(-1, 12)])
    assert 0.1 < wrong.error_m < 2


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        (FOUR[:3], "3 marked points; at least 4"),
        ([seen(0, y) for y in (6, 8, 10, 12)], "three of them lie on a line"),
        ([FOUR[0], FOUR[1], seen(0, 6), FOUR[2]], "three of them lie on a line"),
        ([Mark(0, 0, 0, 0), Mark(1, 0, 9, 0), Mark(1, 1, 0, 9), Mark(0, 1, 9, 9)], "both sides"),
    ],
)
def test_marks_without_a_plane_are_refused(marks, reason):
    with pytest.raises(BadMarks, match=reason):
        ground_plane(marks)


@pytest.mark.parametrize(
    ("people_per_m2", "level"),
    [(None, None), (0, "A"), (0.3, "A"), (0.31, "B"), (0.43, "C"), (0.72, "D"), (1.08, "E"),
     (2.16, "E"), (2.17, "F"), (9, "F")],
)  # fmt: skip
def test_fruin_levels_begin_at_their_limits(people_per_m2, level):
    assert fruin_level(people_per_m2) == level
