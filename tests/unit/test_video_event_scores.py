"""Events against labels: what counts as found, as wrong, and as never judged."""

import datetime as dt

import pytest

from models.video.event_scores import EventScore, Stretch, score_events

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def stretch(kind: str, start_s: float, end_s: float) -> Stretch:
    return Stretch(kind, START + dt.timedelta(seconds=start_s), START + dt.timedelta(seconds=end_s))


@pytest.mark.parametrize(
    ("start_s", "end_s", "found"),
    [(100, 110, 1), (70, 79, 0), (70, 80, 1), (120, 125, 1), (131, 140, 0)],
)
def test_an_event_finds_a_label_within_a_window_of_it(start_s, end_s, found):
    label = stretch("running", 90, 120)
    scores = score_events([label], [stretch("running", start_s, end_s)], [])
    assert scores == {"running": EventScore(labelled=1, found=found, named=0, right=0)}


def test_an_event_of_another_kind_finds_nothing():
    scores = score_events([stretch("running", 0, 9)], [stretch("loitering", 0, 9)], [])
    assert scores["running"].found == 0


def test_only_what_was_named_where_somebody_watched_can_be_wrong():
    labels = [stretch("running", 10, 20)]
    events = [stretch("running", n, n + 5) for n in (12, 200, 900)]
    watched = [stretch("watched", 0, 600)]
    assert score_events(labels, events, watched) == {
        "running": EventScore(labelled=1, found=1, named=2, right=1)
    }


def test_a_kind_that_was_never_labelled_is_judged_where_somebody_watched():
    scores = score_events([], [stretch("loitering", 5, 9)], [stretch("watched", 0, 60)])
    assert scores == {"loitering": EventScore(labelled=0, found=0, named=1, right=0)}


def test_where_nobody_watched_and_nobody_labelled_there_is_no_score():
    assert score_events([], [stretch("loitering", 5, 9)], []) == {}
