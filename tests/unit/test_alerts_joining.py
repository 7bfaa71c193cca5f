"""A risky hour in which something urgent was told already: no new alert, perhaps more to say."""

import datetime as dt
from dataclasses import replace

import pytest

from precrisis.alerts.candidates import candidates
from precrisis.alerts.joining import growth, told_as_urgent
from precrisis.alerts.versions import Version
from tests.unit.alerts_town import NIGHT, rule, zone_hour

MINUTE = dt.timedelta(minutes=1)
(HOUR,) = candidates([zone_hour(risk_index=74.0)], [rule()]).raised  # severe


def urgent(minutes: float, lasts: float = 1, severity="moderate", **changes) -> Version:
    """An urgent alert that began so many minutes into HOUR."""
    starts_at = NIGHT + minutes * MINUTE
    times = {"starts_at": starts_at, "ends_at": starts_at + lasts * MINUTE}
    changes = {"alert_id": f"urgent-{minutes}", "severity": severity} | times | changes
    return Version(replace(HOUR, **changes), 1, "raised", starts_at)


def raised(rows, told, known=frozenset(), **changes):
    return candidates(rows, [rule(**changes)], known, is_told=lambda c: told_as_urgent(c, told))


@pytest.mark.parametrize(
    ("minutes", "lasts", "is_told"),
    [
        (-2, 1, False),
        (-1, 1, True),
        (-30, 40, True),
        (30, 1, True),
        (59.9, 1, True),
        (60, 1, False),
    ],
)
def test_an_event_within_the_hour_tells_of_it(minutes, lasts, is_told):
    assert bool(told_as_urgent(HOUR, [urgent(minutes, lasts)])) == is_told


def test_an_event_of_another_zone_does_not():
    assert told_as_urgent(HOUR, [urgent(30, zone_id="piazza-dante")]) is None


def test_the_hour_is_held_back_and_costs_nothing_of_the_budget():
    rows = [zone_hour(), zone_hour(5, risk_index=61.0)]
    selection = raised(rows, [urgent(30)], budget_per_day=1)
    assert [c.risk_index for c in selection.raised] == [61.0]
    assert [(h.candidate.risk_index, h.reason) for h in selection.held_back] == [
        (74.0, "told_as_urgent")
    ]


def test_an_hour_that_was_raised_before_the_event_stays_raised():
    selection = raised([zone_hour()], [urgent(30)], known={HOUR.alert_id})
    assert [c.alert_id for c in selection.raised] == [HOUR.alert_id]


@pytest.mark.parametrize(
    ("severity", "grows"), [("minor", True), ("moderate", True), ("severe", False)]
)
def test_the_alert_grows_where_the_hour_is_of_a_higher_band(severity, grows):
    told = urgent(30, severity=severity)
    assert growth([HOUR], [told]) == ([(told, HOUR)] if grows else [])


def test_of_two_events_in_the_hour_the_last_grows():
    first, last = urgent(10), urgent(40)
    assert growth([HOUR], [first, last]) == [(last, HOUR)]
