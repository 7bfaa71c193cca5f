"""The plate holds nobody: known pixels were empty, and what is in doubt refuses it."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from models.video.background import (
    MAX_WIDTH_PX,
    MIN_CLEAN,
    NoPlate,
    TimedFrame,
    in_plate_size,
    learn_plate,
)
from models.video.detector import Detection
from models.video.perspective import HeightLine, fit_height_line

SHAPE = (120, 160)
GROUND, COAT = (90, 120, 80), (10, 10, 200)
MARGIN_PX = 4


@dataclass(frozen=True)
class Sees:
    """A detector that finds whatever wears the coat, with this score; blind below its threshold."""

    score: float = 0.9
    min_score: float = 0.35

    def detect(self, frame):
        ys, xs = np.nonzero((frame == COAT).all(axis=2))
        if not len(ys) or self.score < self.min_score:
            return []
        edges = map(float, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
        return [Detection(*edges, "person", self.score)]


def street(lefts, seconds_apart=10.0):
    """Frames of a flat ground on which somebody in a coat stands at each of these places."""
    for i, left in enumerate(lefts):
        frame = np.full((*SHAPE, 3), GROUND, np.uint8)
        if left is not None:
            frame[40:80, left : left + 16] = COAT
        yield TimedFrame(i * seconds_apart, frame)


def test_whoever_walks_by_is_not_in_the_plate():
    plate = learn_plate(street(range(0, 140, 10)), Sees(), MARGIN_PX)
    assert (plate.picture[plate.is_known] == GROUND).all()
    assert plate.is_known.mean() > 0.95


@pytest.mark.parametrize("score", [0.9, 0.2])
def test_whoever_stands_still_all_the_time_leaves_a_place_that_is_not_known(score):
    plate = learn_plate(street([60] * 14), Sees(score), MARGIN_PX)
    assert not plate.is_known[40:80, 60:76].any()
    assert not plate.is_known[36:84, 56:80].any(), "the margin counts too"
    assert not (plate.picture == COAT).all(axis=2).any()
    assert plate.is_known[:, :50].all()


def test_whoever_is_never_detected_and_walks_on_is_outvoted():
    plate = learn_plate(street(range(0, 140, 10)), Sees(score=0.1), MARGIN_PX)
    assert (plate.picture[plate.is_known] == GROUND).all()


def test_a_place_that_changes_too_often_is_not_known():
    lefts = [60 if i % 2 else None for i in range(14)]
    plate = learn_plate(street(lefts), Sees(score=0.1), MARGIN_PX)
    assert not plate.is_known[45:75, 62:74].any()


def test_G3_a_gap_in_the_plate_has_no_outline_of_a_body():
    """Somebody undetected stands there half of the time: the gap is made of whole cells."""

    def round_figure():
        for frame in street([None] * 14):
            if frame.at_s % 20:
                cv2.circle(frame.picture, (80, 60), 19, COAT, cv2.FILLED)
            yield frame

    plate = learn_plate(round_figure(), Sees(score=0.1), MARGIN_PX)
    assert not plate.is_known[60, 80]
    cells = plate.is_known.reshape(SHAPE[0] // MARGIN_PX, MARGIN_PX, -1, MARGIN_PX)
    assert (cells.all(axis=(1, 3)) == cells.any(axis=(1, 3))).all()


class SeesLate(Sees):
    """Misses everybody until the plate is searched: so many frames are looked at before it."""

    looked = 0

    def detect(self, frame):
        SeesLate.looked += 1
        return super().detect(frame) if SeesLate.looked > 14 else []


def test_a_plate_in_which_somebody_is_found_is_refused():
    SeesLate.looked = 0
    with pytest.raises(NoPlate, match="still finds a person"):
        learn_plate(street([60] * 14), SeesLate(), MARGIN_PX)


def test_a_plate_that_only_looks_a_little_like_somebody_hides_the_place():
    SeesLate.looked = 0
    plate = learn_plate(street([60] * 14), SeesLate(score=0.2), MARGIN_PX)
    assert not plate.is_known[36:84, 56:80].any()


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (list(street([None] * (MIN_CLEAN - 1))), "at least 8 are needed"),
        (list(street([None] * MIN_CLEAN, seconds_apart=8.5)), "at least 60 s"),
        (
            [*street([None] * 9), TimedFrame(99, np.zeros((60, 80, 3), np.uint8))],
            "differ in size",
        ),
    ],
)
def test_too_little_to_learn_from_is_refused_and_says_why(frames, reason):
    with pytest.raises(NoPlate, match=reason):
        learn_plate(frames, Sees(), MARGIN_PX)


def test_the_fewest_frames_over_the_shortest_time_are_enough():
    plate = learn_plate(street([None] * MIN_CLEAN, seconds_apart=60 / 7), Sees(), MARGIN_PX)
    assert plate.is_known.all()


def test_a_square_that_is_never_empty_has_no_plate():
    def crowd():
        for frame in street([None] * 14):
            frame.picture[20:110, 20:140] = COAT
            yield frame

    with pytest.raises(NoPlate, match="never seen empty"):
        learn_plate(crowd(), Sees(), MARGIN_PX)


def test_wide_frames_become_smaller_and_others_stay():
    wide = np.zeros((2160, 3840, 3), np.uint8)
    assert in_plate_size(wide).shape == (720, MAX_WIDTH_PX, 3)
    narrow = wide[:576, :768]
    assert in_plate_size(narrow) is narrow


def person(foot_y: float, height: float) -> Detection:
    return Detection(10, foot_y - height, 20, foot_y, "person", 0.8)


def test_the_height_line_passes_over_those_half_hidden():
    people = [person(y, 0.25 * y + 10) for y in range(100, 500, 10)]
    hidden = [person(y, 0.1 * y) for y in range(100, 500, 40)]
    line = fit_height_line(people + hidden)
    assert line.height_px(200) == pytest.approx(60, abs=2)
    assert line.height_px(400) == pytest.approx(110, abs=2)


def test_no_height_line_from_few_people_or_from_one_row():
    assert fit_height_line([person(y, 50) for y in range(100, 390, 10)]) is None
    assert fit_height_line([person(200 + i % 5, 60) for i in range(50)]) is None


def test_nobody_is_drawn_smaller_than_can_be_seen():
    assert HeightLine(0.2, -50).height_px(10) == 16
