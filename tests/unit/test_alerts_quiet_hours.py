"""Who is let sleep, when, and until when; what waits is told once, if it still holds."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from precrisis.alerts.due import due
from precrisis.alerts.holding import Quiet
from precrisis.alerts.quiet_hours import QuietHours, groups, told_from
from tests.unit.alerts_town import town
from tests.unit.test_alerts_versions import row

ROME = ZoneInfo("Europe/Rome")
FEAST = dt.date(2026, 12, 8)  # a Tuesday


def hours(**changes) -> QuietHours:
    values = {
        "name": "night",
        "recipients": ["office@trento.example"],
        "working_day": ["00:00-06:30", "22:00-24:00"],
        "weekend": ["00:00-24:00"],
        "holiday": ["00:00-09:00", "20:00-24:00"],
        "told_at_once_from": "severe",
        "why": "the control room looks at night",
        "owner": "sala operativa",
        "expires_on": dt.date(2027, 6, 30),
    }
    return QuietHours(**{**values, **changes})


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ROME)


@pytest.mark.parametrize(
    ("moment", "told_at"),
    [
        ("2026-12-01 21:59", "2026-12-01 21:59"),  # Tuesday
        ("2026-12-01 22:00", "2026-12-02 06:30"),
        ("2026-12-02 06:29", "2026-12-02 06:30"),
        ("2026-12-02 06:30", "2026-12-02 06:30"),
        ("2026-12-04 22:15", "2026-12-07 06:30"),  # Friday, then a weekend
        ("2026-12-07 23:00", "2026-12-08 09:00"),  # Monday, then a feast
        ("2026-12-08 07:00", "2026-12-08 09:00"),
        ("2026-12-08 20:00", "2026-12-09 06:30"),
        ("2027-07-01 23:00", "2027-07-01 23:00"),  # nobody renewed them
    ],
)
def test_a_moment_is_told_when_the_quiet_of_its_day_is_over(moment, told_at):
    assert told_from(hours(), local(moment), {FEAST}, ROME) == local(told_at)


@pytest.mark.parametrize(("day", "hour_utc"), [("2026-03-27", 5.5), ("2026-03-30", 4.5)])
def test_half_past_six_is_what_the_clock_on_the_wall_says(day, hour_utc):
    begins = dt.datetime.fromisoformat(f"{day}T00:30+00:00")
    told_at = told_from(hours(), begins, (), ROME)
    assert told_at - dt.datetime.fromisoformat(f"{day}T00:00+00:00") == dt.timedelta(hours=hour_utc)


@pytest.mark.parametrize(
    ("night", "length_h"), [("2026-03-29", 5), ("2026-10-25", 7), ("2026-10-24", 6)]
)
def test_the_night_of_a_changing_clock_is_an_hour_shorter_or_longer(night, length_h):
    first = local(f"{night} 00:00").astimezone(dt.UTC)
    six = hours(weekend=["00:00-06:00"])
    assert told_from(six, first, (), ROME) - first == dt.timedelta(hours=length_h)


@pytest.mark.parametrize(
    ("slip", "named"),
    [
        ({"weekend": ["22:00-06:00"]}, "part it at midnight"),
        ({"weekend": ["00:00-24:01"]}, "within a day"),
        ({"weekend": [1320]}, "in quotes"),
        ({"weekend": ["08:00-12:00", "11:00-13:00"]}, "overlap"),
        ({"working_day": ["00:00-12:00", "12:00-24:00"]}, "leave no hour"),
        ({"told_at_once_from": "grave"}, "told_at_once_from"),
    ],
)
def test_a_slip_is_named(slip, named):
    with pytest.raises(ValidationError, match=named):
        hours(**slip)


def with_hours(*all_hours):
    thresholds = town().thresholds
    return type(thresholds)(**{**dict(thresholds), "quiet_hours": list(all_hours)})


def test_nobody_keeps_two_and_only_who_is_told_keeps_any():
    known = ["sala-operativa@trento.example"]
    with pytest.raises(ValueError, match=r"'sala-operativa@trento\.example' twice"):
        with_hours(hours(recipients=known), hours(name="late", recipients=known))
    with pytest.raises(ValueError, match=r"'night' names office@trento\.example"):
        town(thresholds=with_hours(hours()))
    assert town(thresholds=with_hours(hours(recipients=known))).thresholds.quiet_hours


def test_who_keeps_none_is_told_apart():
    addresses = ["room@trento.example", "office@trento.example"]
    assert groups(addresses, [hours()]) == {"": addresses[:1], "night": addresses[1:]}


EVENING = local("2026-12-01 22:30").astimezone(dt.UTC)
MORNING = local("2026-12-02 06:30").astimezone(dt.UTC)
QUIET = Quiet([hours(recipients=["office@trento.example", "pager"])], set(), ROME, "urgent")


def at_night(why="raised", version=1, made_at=EVENING, **changes):
    values = {"rule": "zone_risk", "severity": "moderate", "made_at": made_at}
    return row(why, version, **(values | changes))


def plan(*rows, now):
    channels = ["mail", "mail:night", "webhook:pager"]
    held = lambda one, channel: QUIET.held_until(one, channel, now)  # noqa: E731
    return [
        (d.row["version"], list(d.channels), dict(d.waits), list(d.passed))
        for d in due(rows, channels, False, now, held)
    ]


WAITS = {"mail:night": MORNING, "webhook:pager": MORNING}
LATER = EVENING + dt.timedelta(hours=2)


def test_those_who_sleep_are_told_in_the_morning_and_the_others_at_once():
    assert plan(at_night(), now=EVENING) == [(1, ["mail"], WAITS, [])]
    waiting = at_night(sent_on=["mail"], waiting_on=list(WAITS))
    assert plan(waiting, now=LATER) == [(1, [], WAITS, [])]
    assert plan(waiting, now=MORNING) == [(1, list(WAITS), {}, [])]


@pytest.mark.parametrize("grave", [{"severity": "severe"}, {"rule": "urgent"}])
def test_what_is_grave_or_urgent_wakes_everybody(grave):
    assert plan(at_night(**grave), now=EVENING) == [(1, ["mail", *WAITS], {}, [])]


def test_what_ended_meanwhile_is_not_told_at_all():
    first = at_night(sent_on=["mail"], waiting_on=list(WAITS), is_newest=False)
    end = at_night("ended", 2, LATER, told_on=["mail"])
    assert plan(first, end, now=LATER) == [(1, [], {}, list(WAITS)), (2, ["mail"], {}, [])]
    assert plan({**first, "waiting_on": []}, {**end, "sent_on": ["mail"]}, now=MORNING) == []


def test_what_changed_meanwhile_is_told_once():
    first = at_night(sent_on=["mail"], is_newest=False)
    grown = at_night("grew", 2, LATER, sent_on=["mail"])
    assert plan(first, grown, now=MORNING) == [(2, list(WAITS), {}, [])]
    woken = {**grown, "severity": "severe"}
    assert plan(first, woken, now=LATER) == [(2, list(WAITS), {}, [])]


def test_what_was_withdrawn_meanwhile_waits_no_longer():
    first = at_night(sent_on=["mail"], waiting_on=list(WAITS), is_newest=False, is_withdrawn=True)
    assert plan(first, now=LATER) == [(1, [], {}, list(WAITS))]


def test_the_end_of_what_was_told_before_the_night_waits_too():
    first = at_night(made_at=EVENING - dt.timedelta(hours=1), sent_on=["mail", *WAITS])
    first["is_newest"] = False
    end = at_night("ended", 2, told_on=["mail", *WAITS], sent_on=["mail"])
    assert plan(first, end, now=EVENING) == [(2, [], WAITS, [])]
    assert plan(first, end, now=MORNING) == [(2, list(WAITS), {}, [])]


def test_what_a_relay_did_not_take_before_the_night_is_told_once_as_well():
    """It was raised while nobody slept, so that only its row says that it waited."""
    first = at_night(made_at=EVENING - dt.timedelta(hours=1), sent_on=["mail"])
    assert plan(first, now=EVENING) == [(1, [], WAITS, [])]
    waited = {**first, "waiting_on": list(WAITS)}
    assert plan(waited, now=MORNING) == [(1, list(WAITS), {}, [])]
    over = {**waited, "is_newest": False}
    assert plan(over, now=MORNING) == [(1, [], {}, list(WAITS))]


def test_time_runs_from_when_the_first_of_those_asked_could_know():
    assert QUIET.asked_at(at_night(), ["mail:night", "webhook:pager"]) == MORNING
    assert QUIET.asked_at(at_night(), ["mail", "mail:night"]) == EVENING
    assert QUIET.asked_at(at_night(severity="severe"), ["mail:night"]) == EVENING
