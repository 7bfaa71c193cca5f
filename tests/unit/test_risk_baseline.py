"""The baseline of the index: shrinkage, local hours, every zone and hour once."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models.risk.baseline import HOURS, fit
from precrisis.risk import _baseline_rows, _counts

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
