"""The baseline of the index: shrinkage, and counts at their place."""

import numpy as np
import pytest

from models.risk.baseline import HOURS, fit
from precrisis.risk import counts_of


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


def test_counts_stand_at_their_zone_and_hour_and_a_zone_that_is_gone_falls_out():
    found = [
        {"zone_id": "b", "hour_of_week": 1, "incident_count": 4},
        {"zone_id": "gone", "hour_of_week": 2, "incident_count": 9},
    ]
    counts = counts_of(found, ["a", "b", "c"])
    assert counts.shape == (3, HOURS)
    assert np.argwhere(counts).tolist() == [[1, 1]]
    assert counts.sum() == 4
