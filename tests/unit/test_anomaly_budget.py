"""From a budget of false alarms to a threshold."""

import numpy as np
import pytest

from models.video.anomaly.budget import block_maxima, threshold

DAYS = 3
MAXIMA = np.random.default_rng(0).exponential(1.0, 8640 * DAYS)


@pytest.mark.parametrize("budget", [1, 10, 100])
def test_the_threshold_keeps_the_budget_on_other_days(budget):
    """Exponential peaks, learnt from three days, judged on thirty others."""
    at = threshold(MAXIMA, budget)
    other = np.random.default_rng(1).exponential(1.0, 8640 * 30)
    assert (other > at).sum() / 30 == pytest.approx(budget, rel=0.5)


def test_a_smaller_budget_has_a_higher_threshold():
    found = [threshold(MAXIMA, budget) for budget in (8000, 5000, 4000, 100, 10, 1)]
    assert found == sorted(found)


@pytest.mark.parametrize("budget", [0, -1])
def test_no_budget_is_refused(budget):
    with pytest.raises(ValueError, match="above 0"):
        threshold(MAXIMA, budget)


def test_nine_blocks_are_too_few_and_ten_are_not():
    with pytest.raises(ValueError, match="9 blocks"):
        threshold(MAXIMA[:9], 1)
    assert threshold(MAXIMA[:10], 1) > 0


def test_blocks_are_ten_seconds_and_half_a_rest_counts():
    assert block_maxima(np.arange(250), rate_hz=10).tolist() == [99, 199, 249]
    assert block_maxima(np.arange(249), rate_hz=10).tolist() == [99, 199]
    assert block_maxima(np.arange(5), rate_hz=10).tolist() == [4]
