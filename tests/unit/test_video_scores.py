"""Anomaly scores of a stretch of footage: windows, alarms, and why there are none."""

from dataclasses import dataclass

import numpy as np
import pytest

from models.video import scores
from models.video.scores import Scores

FRAME = np.zeros((64, 64, 3), np.uint8)


@dataclass
class Film:
    frame_rate_hz: float = 10.0
    width_px: int = 64
    height_px: int = 64


class Learnt:
    """A calibration that gives the scores it is told, and doubts what it is told to."""

    def __init__(self, values, doubt=None):
        self.values, self._doubt = iter(values), doubt

    def doubt(self, *_):
        return self._doubt


class Replay:
    def __init__(self, learnt, _):
        self.learnt = learnt

    def is_due(self, index):
        return index % 2 == 0

    def look(self, _):
        value = next(self.learnt.values)
        return value, "dark" if value is None else None


@pytest.fixture(autouse=True)
def replayed(monkeypatch):
    monkeypatch.setattr(scores, "Scorer", Replay)


def seen(values, apart_s=0.1) -> Scores:
    found = Scores(Film(), Learnt(values))
    for position in range(len(values)):
        found.look(2 * position, position * apart_s, FRAME)
        found.look(2 * position + 1, position * apart_s + 0.05, FRAME)
    return found


def test_the_highest_score_of_a_window_counts():
    found = seen([0.1, 0.9, 0.3, 2.0])
    assert found.highest(lambda at_s: at_s < 0.25) == 0.9
    assert found.highest(lambda at_s: at_s > 5) is None


def test_alarms_close_together_are_one():
    values = [0, 1.2, 0.5, 3.0, 0, 0, 0, 0, 0, 1.0]
    assert list(seen(values, apart_s=0.5).alarms()) == [(0.5, 1.5, 3.0), (4.5, 4.5, 1.0)]
    assert list(seen([0.99] * 5).alarms()) == []


def test_what_is_withheld_has_no_score_and_says_why():
    found = seen([0.5, None, None])
    assert found.highest(lambda at_s: at_s > 0.05) is None
    assert found.withheld == "dark"


def test_without_calibration_there_is_no_score_and_no_reason():
    found = Scores(Film(), None)
    found.look(0, 0.0, FRAME)
    assert (found.is_due(0), found.highest(lambda _: True), found.withheld) == (False, None, None)


def test_footage_of_another_form_is_not_looked_at():
    found = Scores(Film(), Learnt([1.0], doubt="another size"))
    assert not found.is_due(0)
    assert found.withheld == "another size"
