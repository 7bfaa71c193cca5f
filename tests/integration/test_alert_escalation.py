"""An alert that nobody decided on: to those who come next, once, and never accepted by time."""

import datetime as dt
import email
import email.policy

import pytest

from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.escalation import escalate
from precrisis.alerts.review import record_review, undecided
from precrisis.outcome import StepFailed
from precrisis.run import Run
from tests.integration.test_alert_urgent import select, signs

MINUTE = dt.timedelta(minutes=1)
OVERDUE = 240 * MINUTE  # the tests' city waits as long


@pytest.fixture
def alert(town, run):
    signs(town, run.interval_end - 30 * MINUTE, 5)
    select(run)
    return town.rows("SELECT * FROM ops.alert")[0]


def after(alert, wait: dt.timedelta) -> Run:
    end = alert["raised_at"] + wait
    return Run("alerts_escalate", f"at-{wait}", end - 5 * MINUTE, end)


def told(relay) -> list:
    return [email.message_from_bytes(m, policy=email.policy.default) for m in relay.mails]


def test_nobody_is_told_before_the_time_is_over_and_then_the_next_once(alert, relay):
    assert escalate(after(alert, OVERDUE - MINUTE)) == 0
    assert escalate(after(alert, OVERDUE + MINUTE)) == 1
    assert escalate(after(alert, OVERDUE + 6 * MINUTE)) == 0
    (mail,) = told(relay)
    assert mail["To"] == "duty-officer@rivermouth.example"
    assert mail["Subject"].startswith("[NO DECISION FOR 241 MIN] [EXERCISE] ")
    assert alert["alert_id"] in mail["Message-ID"]


def test_time_decides_nothing(town, alert, relay):
    escalate(after(alert, OVERDUE + MINUTE))
    assert [row["alert_id"] for row in undecided()] == [alert["alert_id"]]
    assert town.rows("SELECT * FROM ops.alert_review") == []


def test_what_was_decided_goes_no_further(alert, relay):
    record_review(alert["alert_id"], "dismiss", "a delivery with a permit", "operator")
    assert escalate(after(alert, OVERDUE + MINUTE)) == 0
    assert relay.mails == []


def test_what_grew_after_it_was_dismissed_is_asked_again_and_goes_on_again(town, alert, relay):
    escalate(after(alert, OVERDUE + MINUTE))
    record_review(alert["alert_id"], "dismiss", "a delivery with a permit", "operator")
    town.rows(
        "INSERT INTO ops.alert_version SELECT alert_id, 2, 'grew', ends_at, 92, certainty, "
        "'extreme', reasons, unknowns, inputs, clock_timestamp() FROM ops.alert"
    )
    grown_at = town.rows("SELECT made_at FROM ops.alert_version WHERE version = 2")[0]["made_at"]
    end = grown_at + OVERDUE + MINUTE
    assert escalate(Run("alerts_escalate", "again", end - 5 * MINUTE, end)) == 1
    assert len(relay.mails) == 2


def test_a_relay_that_refuses_is_tried_again(alert, relay):
    relay.code = 451
    with pytest.raises(StepFailed):
        escalate(after(alert, OVERDUE + MINUTE))
    relay.code = 250
    assert escalate(after(alert, OVERDUE + 6 * MINUTE)) == 1


def test_a_city_without_next_recipients_tells_nobody(town, alert, relay):
    town.edit_pack("city.yaml", "  - duty-officer@rivermouth.example\n", "  []\n")
    assert escalate(after(alert, OVERDUE + MINUTE)) == 0


def test_the_mail_of_the_alert_itself_is_not_held_up(town, run, alert, relay):
    escalate(after(alert, OVERDUE + MINUTE))
    deliver_alerts(run)
    addressed = {mail["To"] for mail in told(relay)}
    assert addressed == {"control-room@rivermouth.example", "duty-officer@rivermouth.example"}
