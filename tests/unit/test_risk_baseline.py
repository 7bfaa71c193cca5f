"""The baseline and its score: shrinkage, no look ahead, numbers checked by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models.risk.baseline import HOURS, fit, hit_rate, log_likelihood_per_incident
from precrisis.risk import _baseline_rows, _counts, _score_rows

END = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)  # a Monday
ZONES = ["a", "b", "c"]


def incidents(*entries: tuple[str, dt.datetime]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [{"zone_id": zone, "occurred_mid_at": pd.Timestamp(at)} for zone, at in entries]
    )
    return frame.assign(local=frame["occurred_mid_at"].dt.tz_convert("Europe/Lisbon"))


def fridays_at_ten(zone: str, weeks: int, before: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """One incident a week, Friday 22:30 in Lisbon's summer."""
    friday = before - dt.timedelta(days=3) + dt.timedelta(hours=21, minutes=30)
    return [(zone, friday - dt.timedelta(weeks=week)) for week in range(weeks)]


def test_where_it_happens_often_more_is_expected_and_nowhere_is_the_rate_zero():
    counts = np.zeros((3, HOURS))
    counts[0, 100] = 40
    counts[0, 101] = 2
    rate = fit(counts, weeks=20).rate
    assert rate.shape == (3, HOURS)
    assert rate.argmax() == 100
    assert rate.min() > 0
    assert rate[1, 100] > rate[1, 20]  # a quiet zone takes the city's rhythm


def test_the_expected_sum_is_near_the_counted_sum():
    counts = np.random.default_rng(7).poisson(0.2, (5, HOURS)).astype(float)
    expected = fit(counts, weeks=10).rate.sum() * 10
    assert abs(expected / counts.sum() - 1) < 0.05


def test_data_of_one_rhythm_is_shrunk_more_than_data_of_many():
    rng = np.random.default_rng(7)
    alike = rng.poisson(0.5, (6, HOURS)).astype(float)
    clumped = np.zeros((6, HOURS))
    clumped[np.arange(6), rng.integers(0, HOURS, 6)] = 80
    assert fit(alike, 10).strength > fit(clumped, 10).strength


@pytest.mark.parametrize(("shape", "weeks"), [((3, 24), 1), ((HOURS,), 1), ((3, HOURS), 0)])
def test_counts_of_another_shape_or_no_time_are_refused(shape, weeks):
    with pytest.raises(ValueError, match="counts must be"):
        fit(np.zeros(shape), weeks)


def test_hit_rate_is_the_share_of_later_incidents_in_the_chosen_cells():
    expected = np.array([[4.0, 3.0, 2.0, 1.0]])
    later = np.array([[1.0, 0.0, 2.0, 1.0]])
    assert hit_rate(expected, later, 0.25) == 0.25
    assert hit_rate(expected, later, 0.75) == 0.75
    assert hit_rate(expected, later, 0.01) == 0.25  # one cell at least
    assert hit_rate(expected, np.zeros((1, 4)), 0.5) is None


def test_equal_cells_are_chosen_by_position():
    assert hit_rate(np.ones((1, 4)), np.array([[1.0, 0, 0, 1]]), 0.25) == 0.5


def test_log_likelihood_is_poisson_s():
    found = log_likelihood_per_incident(np.array([[2.0, 1.0]]), np.array([[1.0, 0.0]]))
    assert found == pytest.approx(np.log(2) - 2 - 1)
    assert log_likelihood_per_incident(np.ones((1, 2)), np.zeros((1, 2))) is None


def test_hours_are_local_and_monday_is_the_first_day():
    monday = dt.datetime(2026, 6, 1, 0, 30, tzinfo=dt.UTC)  # 01:30 in Lisbon
    counts = _counts(incidents(("b", monday)), ZONES)
    assert np.argwhere(counts).tolist() == [[1, 1]]


def test_rows_cover_every_zone_and_hour_once():
    rows = _baseline_rows(incidents(*fridays_at_ten("a", 12, END)), ZONES, END)
    keys = {(row["zone_id"], row["hour_of_week"]) for row in rows}
    assert len(rows) == len(keys) == len(ZONES) * HOURS
    busiest = max(rows, key=lambda row: row["expected_incidents"])
    assert (busiest["zone_id"], busiest["hour_of_week"]) == ("a", 4 * 24 + 22)
    assert {row["trained_until"] for row in rows} == {END.date()}


def test_a_regular_pattern_is_found_again_in_the_weeks_held_back():
    rows = _score_rows(incidents(*fridays_at_ten("a", 20, END)), ZONES, END)
    assert {row["hit_rate"] for row in rows} == {1.0}
    assert {row["method"] for row in rows} == {"gamma-poisson-1", "count-map"}
    assert {row["incident_count"] for row in rows} == {4}
    assert {row["tested_from"] for row in rows} == {(END - dt.timedelta(weeks=4)).date()}
    assert {row["pai"] * row["area_share"] for row in rows} == {1.0}


def test_what_comes_later_does_not_help_the_forecast():
    """The past says Friday; all that is held back is on Tuesday: nothing may be found."""
    past = fridays_at_ten("a", 16, END - dt.timedelta(weeks=4))
    tuesday = END - dt.timedelta(days=6) + dt.timedelta(hours=9)
    later = [("c", tuesday - dt.timedelta(weeks=week)) for week in range(4)]
    rows = _score_rows(incidents(*past, *later), ZONES, END)
    smallest = [row for row in rows if row["area_share"] == 0.01]
    assert {row["hit_rate"] for row in smallest} == {0.0}


@pytest.mark.parametrize("weeks_ago", [0, 10])
def test_without_a_past_or_without_later_incidents_there_is_no_score(weeks_ago):
    before = END - dt.timedelta(weeks=weeks_ago)
    assert _score_rows(incidents(*fridays_at_ten("a", 3, before)), ZONES, END) == []
