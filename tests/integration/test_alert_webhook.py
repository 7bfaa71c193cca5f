"""Alerts to a control room's own system: once each, whatever happens to the other channels."""

import json

import pytest

from precrisis.alerts import raising, webhook
from precrisis.outcome import StepFailed
from precrisis.settings import settings
from tests import marts
from tests.marts import post

DELIVERIES = "SELECT channel, status, detail FROM ops.alert_delivery ORDER BY channel"


@pytest.fixture
def alarmed(town, receiver):
    """A town where one hour of one zone is over the limit."""
    for n in range(30):
        post(town, f"author-{n}", "panic")
    marts.build()
    return town


def deliveries(town) -> dict[str, str]:
    return {row["channel"]: row["status"] for row in town.rows(DELIVERIES)}


def test_an_alert_reaches_the_control_room_once(alarmed, receiver, run, relay):
    raising.raise_alerts(run)
    raising.raise_alerts(run)
    (alert,) = alarmed.rows("SELECT * FROM ops.alert")
    ((message_id, body),) = receiver.taken
    data = json.loads(body)["data"]
    assert message_id == data["alert_id"] == alert["alert_id"]
    assert data["status"] == settings().alert_status == "Exercise"
    assert deliveries(alarmed) == {
        "cap": "sent", "mail": "sent", "webhook:control-room": "sent",
    }  # fmt: skip


def test_a_control_room_that_is_away_holds_up_nothing_and_is_told_later(
    alarmed, receiver, run, relay
):
    receiver.answers = [503] * webhook.ATTEMPTS
    with pytest.raises(StepFailed):
        raising.raise_alerts(run)
    assert deliveries(alarmed) == {
        "cap": "sent", "mail": "sent", "webhook:control-room": "failed",
    }  # fmt: skip
    told = {row["channel"]: row["detail"] for row in alarmed.rows(DELIVERIES)}
    assert told["webhook:control-room"] == "webhook control-room is busy, code 503"
    raising.raise_alerts(run)
    assert len(receiver.taken) == 1
    assert len(relay.mails) == 1
    assert set(deliveries(alarmed).values()) == {"sent"}


def test_a_relay_that_is_away_does_not_hold_up_the_control_room(
    alarmed, receiver, run, monkeypatch
):
    monkeypatch.setenv("PRECRISIS_SMTP_PORT", "9")
    settings.cache_clear()
    with pytest.raises(StepFailed):
        raising.raise_alerts(run)
    assert deliveries(alarmed)["mail"] == "failed"
    assert len(receiver.taken) == 1


def test_after_a_week_an_alert_is_not_sent_any_more_and_stays_on_record(
    alarmed, receiver, run, relay
):
    receiver.answers = [410]
    with pytest.raises(StepFailed):
        raising.raise_alerts(run)
    alarmed.rows("UPDATE ops.alert_version SET made_at = now() - interval '8 days'")
    raising.raise_alerts(run)
    assert receiver.asked == 1
    assert deliveries(alarmed)["webhook:control-room"] == "failed"
