"""Tracks bridge what the detector misses, and count what is there; made-up boxes."""

import pytest

from models.video.detector import Detection
from models.video.tracking import BRIDGE_S, STILL_S, Tracker


def person(x: float, foot_y: float = 100, score: float = 0.7, label: str = "person") -> Detection:
    return Detection(x - 10, foot_y - 50, x + 10, foot_y, label, score)


def walked(tracker: Tracker, steps: int, start: int = 0, score: float = 0.7, gap_s: float = 0.1):
    """Somebody goes right by 40 px a second; return the tracks after the last step."""
    for step in range(start, start + steps):
        at_s = step * gap_s
        tracks = tracker.update(at_s, [person(100 + 40 * at_s, score=score)])
    return tracks


def counted(tracks) -> int:
    return sum(track.is_counted for track in tracks)


def test_one_walker_is_one_track_with_its_way():
    (track,) = walked(Tracker(), steps=30)
    assert (track.family, track.is_counted, track.has_moved) == ("person", True, True)
    assert [round(at_s, 1) for at_s, _, _ in track.places[:3]] == [0.0, 0.1, 0.2]
    assert track.axes[0].speed == pytest.approx(40, abs=2)


def test_walker_is_followed_at_the_analysis_rate_of_2_hz():
    (track,) = walked(Tracker(), steps=6, gap_s=0.5)
    assert track.hits == 6


def test_missed_detections_are_bridged_and_then_given_up():
    tracker = Tracker()
    walked(tracker, steps=20)
    (track,) = tracker.update(1.9 + BRIDGE_S, [])
    assert (track.is_counted, track.is_seen) == (True, False)
    assert track.box.foot_point[0] == pytest.approx(100 + 40 * (1.9 + BRIDGE_S), abs=4)
    assert tracker.update(1.9 + BRIDGE_S + 0.1, []) == []


def test_weak_boxes_continue_a_track_but_start_none():
    tracker = Tracker()
    assert tracker.update(0, [person(50, score=0.4)]) == []
    walked(tracker, steps=10, start=1)
    (track,) = walked(tracker, steps=3, start=11, score=0.2)
    assert (track.hits, track.is_counted) == (13, True)


@pytest.mark.parametrize(("score", "expected"), [(0.46, 0), (0.55, 1)])
def test_what_never_moves_has_to_be_seen_clearly(score, expected):
    """Traffic cones score 0.37 to 0.47; somebody who stands 0.6 and more."""
    tracker = Tracker()
    assert counted(tracker.update(0, [person(50, score=score)])) == 1
    tracks = tracker.update(STILL_S + 0.1, [person(50, score=score)])
    assert counted(tracks) == expected


def test_two_who_cross_keep_their_ways():
    tracker = Tracker()
    for step in range(21):
        at_s = step / 10
        boxes = [person(100 + 40 * at_s), person(180 - 40 * at_s, foot_y=108)]
        tracks = tracker.update(at_s, boxes)
    assert sorted(round(track.axes[0].speed / 40) for track in tracks) == [-1, 1]


def test_far_and_other_things_start_tracks_of_their_own():
    tracker = Tracker()
    tracker.update(0, [person(100)])
    assert len(tracker.update(0.1, [person(200)])) == 1  # one box alone is not bridged
    tracks = tracker.update(0.2, [person(200, label="car")])
    assert [track.family for track in tracks] == ["vehicle"]


@pytest.mark.parametrize("at_s", [0.5, 0.4])
def test_time_has_to_go_on(at_s):
    tracker = Tracker()
    tracker.update(0.5, [])
    with pytest.raises(ValueError, match="does not go on"):
        tracker.update(at_s, [])
