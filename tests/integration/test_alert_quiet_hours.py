"""Quiet hours on a real warehouse and relay: what waits, is told after them, or not at all."""

import datetime as dt
import email
import email.policy

import pytest

from precrisis import clock
from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.escalation import escalate
from precrisis.alerts.quiet_hours import told_from
from precrisis.city import city
from precrisis.run import Run

MINUTE = dt.timedelta(minutes=1)
OVERDUE = 240 * MINUTE  # the tests' city waits as long
# All but the last minute of a working day, so that it is quiet whenever the test runs.
QUIET = """
quiet_hours:
  - name: office
    recipients: [{who}]
    working_day: ["00:00-23:59"]
    weekend: ["00:00-24:00"]
    holiday: ["00:00-24:00"]
    told_at_once_from: severe
    why: Nobody sits there at any time
    owner: test office
    expires_on: 2035-12-31
"""
ALERT = """
INSERT INTO ops.alert (alert_id, rule, rule_version, zone_id, starts_at, ends_at, risk_index,
    certainty, severity, reasons, unknowns, inputs, raised_at)
VALUES ('a1', 'zone_risk_noticed', '7', 'town-square', now(), now() + interval '1 hour', 50, 0.6,
    'moderate', '[]', '[]', '{"rule": {"limit": 40}}', now())
"""
VERSION = """
INSERT INTO ops.alert_version
SELECT alert_id, %s, %s, ends_at, 70, certainty, %s, reasons, unknowns, inputs, clock_timestamp()
FROM ops.alert
"""
DELIVERED = """
SELECT version, channel, status, waits_until FROM ops.alert_delivery
WHERE channel <> 'cap' ORDER BY version, channel
"""


@pytest.fixture
def office(town, relay):
    """A town with a second recipient, who is let sleep, and one alert."""
    town.edit_pack(
        "city.yaml",
        "  - control-room@rivermouth.example\n",
        "  - control-room@rivermouth.example\n  - office@rivermouth.example\n",
    )
    keep_quiet(town, "office@rivermouth.example")
    town.rows(ALERT)
    say(town)
    return town


def keep_quiet(town, who: str) -> None:
    file = town.pack / "thresholds.yaml"
    file.write_text(file.read_text() + QUIET.format(who=who))
    city.cache_clear()


def say(town, version=1, why="raised", severity="moderate") -> None:
    town.rows(VERSION, version, why, severity)


def quiet_ends(moment: dt.datetime | None = None) -> dt.datetime:
    (hours,) = city().thresholds.quiet_hours
    return told_from(hours, moment or clock.now(), (), city().timezone)


def told(relay) -> list[tuple[str, str]]:
    mails = [email.message_from_bytes(m, policy=email.policy.default) for m in relay.mails]
    return [(m["To"].split("@")[0], m["Subject"].split("] ")[-1].split()[0]) for m in mails]


def states(town) -> dict[tuple[int, str], str]:
    return {(r["version"], r["channel"]): r["status"] for r in town.rows(DELIVERED)}


def test_who_is_let_sleep_is_told_once_when_the_quiet_is_over(office, relay, run, clock_at):
    deliver_alerts(run)
    deliver_alerts(run)
    assert told(relay) == [("control-room", "Moderate")]
    (_, waits) = office.rows(DELIVERED)
    assert (waits["channel"], waits["status"]) == ("mail:office", "waiting")
    assert waits["waits_until"] == quiet_ends()
    clock_at(quiet_ends())
    deliver_alerts(run)
    deliver_alerts(run)
    assert told(relay) == [("control-room", "Moderate"), ("office", "Moderate")]
    assert states(office) == {(1, "mail"): "sent", (1, "mail:office"): "sent"}
    says_so = [b"waited for the end of your quiet hours" in mail for mail in relay.mails]
    assert says_so == [False, True]


def test_a_holiday_of_the_calendar_goes_on_being_quiet(office, relay, run, clock_at):
    ends = quiet_ends()
    day = ends.astimezone(city().timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    office.rows(
        "INSERT INTO raw.calendar_event (source, source_id, title, kind, starts_at, ends_at) "
        "VALUES ('holidays', 'h', 'Feast', 'holiday', %s, %s)", day, day + dt.timedelta(days=1),
    )  # fmt: skip
    clock_at(ends)
    deliver_alerts(run)
    (_, waits) = office.rows(DELIVERED)
    assert waits["waits_until"] == quiet_ends(day + dt.timedelta(days=1)) > ends


def test_what_ended_meanwhile_is_not_told_to_who_slept(office, relay, run, clock_at):
    deliver_alerts(run)
    say(office, 2, "ended")
    deliver_alerts(run)
    clock_at(quiet_ends())
    deliver_alerts(run)
    assert told(relay) == [("control-room", "Moderate"), ("control-room", "Over:")]
    assert states(office) == {
        (1, "mail"): "sent", (1, "mail:office"): "passed_over", (2, "mail"): "sent",
    }  # fmt: skip


def test_what_gets_grave_meanwhile_wakes(office, relay, run):
    deliver_alerts(run)
    say(office, 2, "grew", "severe")
    deliver_alerts(run)
    assert told(relay)[1:] == [("control-room", "Update:"), ("office", "Update:")]
    assert states(office)[1, "mail:office"] == "passed_over"


def test_a_relay_that_is_away_after_the_quiet_hours_loses_nothing(office, relay, run, clock_at):
    from precrisis.outcome import StepFailed

    deliver_alerts(run)
    clock_at(quiet_ends())
    relay.code = 451
    with pytest.raises(StepFailed):
        deliver_alerts(run)
    assert states(office)[1, "mail:office"] == "failed"
    relay.code = 250
    deliver_alerts(run)
    assert told(relay)[1:] == [("office", "Moderate")]


def at(moment: dt.datetime) -> Run:
    return Run("alerts_escalate", f"at-{moment}", moment - 5 * MINUTE, moment)


def test_time_does_not_run_against_who_could_not_be_told(town, relay):
    keep_quiet(town, "control-room@rivermouth.example")
    town.rows(ALERT)
    say(town)
    ends = quiet_ends()
    assert escalate(at(max(ends, clock.now() + OVERDUE))) == 0
    assert escalate(at(ends + OVERDUE - MINUTE)) == 0
    assert escalate(at(ends + OVERDUE)) == 1
    assert told(relay) == [("duty-officer", "Moderate")]


def test_those_who_come_next_are_let_sleep_as_well(town, relay):
    keep_quiet(town, "duty-officer@rivermouth.example")
    town.rows(ALERT)
    say(town)
    overdue = clock.now() + OVERDUE + MINUTE
    free_at = quiet_ends(overdue)
    assert escalate(at(free_at - MINUTE)) == 0
    assert escalate(at(free_at)) == 1
    assert escalate(at(free_at)) == 0
    assert told(relay) == [("duty-officer", "Moderate")]
