"""The limit that the past sets: the budget is kept on average, and nothing severe waits."""

import pytest

from precrisis.alerts.candidates import candidates
from precrisis.alerts.past_limit import LEAST_DAYS, past_limit
from tests.unit.alerts_town import rule, zone_hour

RULE = rule(limit=50, budget_per_day=2)  # severe from 70 on


@pytest.mark.parametrize(
    ("count", "days", "expected"),
    [
        (0, 28, 50),
        (56, 28, 50),  # two a day: within budget
        (57, 28, 50 + 1e-9),  # one too many: the lowest stays under
        (99, LEAST_DAYS - 1, 50),  # too little is known
    ],
)
def test_the_limit_rises_only_when_the_past_was_over_budget(count, days, expected):
    peaks = [50 + n / 100 for n in range(count)]
    assert past_limit(peaks, days, RULE) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_it_would_have_kept_the_past_within_budget(seed):
    peaks = [50 + (n * 7919 + seed * 31) % 1900 / 100 for n in range(300)]
    found = past_limit(peaks, 28, RULE)
    assert 50 < found < 70
    assert sum(peak >= found for peak in peaks) <= 2 * 28
    lower = max(peak for peak in peaks if peak < found)
    assert sum(peak >= lower for peak in peaks) > 2 * 28


def test_ties_do_not_burst_the_budget_and_what_is_severe_is_never_held_back():
    assert sum(peak >= past_limit([60.0] * 99, 28, RULE) for peak in [60.0] * 99) == 0
    assert past_limit([99.0] * 999, 28, RULE) == 70


def test_a_new_alert_under_it_waits_and_one_already_raised_goes_on():
    hour, limits = zone_hour(risk_index=55.0), {RULE.rule: 60.0}
    (held,) = candidates([hour], [RULE], past_limits=limits).held_back
    assert held.reason == "below_past_limit"
    known = {held.candidate.alert_id}
    assert candidates([hour], [RULE], known, past_limits=limits).raised == [held.candidate]
    assert candidates([zone_hour(risk_index=60.0)], [RULE], past_limits=limits).raised
