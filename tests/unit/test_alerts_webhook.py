"""The signed message to a control room's own system."""

import json
from datetime import UTC, datetime

import pytest
import tenacity
from pydantic import ValidationError

from precrisis.alerts import webhook as module
from precrisis.alerts.candidates import candidates
from precrisis.alerts.versions import Version
from precrisis.alerts.webhook import ATTEMPTS, alert_body, send_webhook, signature
from precrisis.pack.recipients import Webhook
from precrisis.relay import SendError
from tests.unit.alerts_town import rule, town, zone_hour
from tests.webhook_receiver import SECRET, receiving

SENT_AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "wait_random_exponential", lambda **_: tenacity.wait_none())


def hook(url: str, secret: str = SECRET) -> Webhook:
    return Webhook(name="control-room", url=url, secret=secret)


def test_the_signature_is_the_one_of_the_specification():
    """The example of the Standard Webhooks specification."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_body_tells_all_that_the_mail_tells():
    (candidate,) = candidates([zone_hour()], [rule()]).raised
    version = Version(candidate, 1, "raised", SENT_AT)
    body = json.loads(alert_body(version, town(), {"review": "r"}, "Exercise"))
    data = body["data"]
    assert (body["type"], body["timestamp"]) == ("alert.raised", "2026-11-20T21:00:00+00:00")
    assert data["status"] == "Exercise"
    assert data["zone_name"] == town().zone(candidate.zone_id).name
    assert data["reasons"] == candidate.reasons
    assert data["unknowns"] == candidate.unknowns
    assert data["severity"] == candidate.severity


def test_a_message_is_taken_once_under_its_own_id(receiver):
    send_webhook(hook(receiver.url), "alert-1", b"{}")
    assert receiver.taken == [("alert-1", b"{}")]
    assert receiver.forged == 0


@pytest.mark.parametrize("codes", [[503], [429, 500, 502]])
def test_a_busy_receiver_is_asked_again(receiver, codes):
    receiver.answers = list(codes)
    send_webhook(hook(receiver.url), "alert-1", b"{}")
    assert receiver.asked == len(codes) + 1
    assert len(receiver.taken) == 1


def test_a_receiver_that_stays_busy_is_left_after_some_tries(receiver):
    receiver.answers = [503] * 99
    with pytest.raises(SendError, match="control-room is busy, code 503"):
        send_webhook(hook(receiver.url), "alert-1", b"{}")
    assert receiver.asked == ATTEMPTS


@pytest.mark.parametrize("code", [400, 401, 410, 301, 307])
def test_a_refusal_and_a_redirect_are_not_tried_again(receiver, code):
    receiver.answers = [code]
    with pytest.raises(SendError, match=f"refused the alert, code {code}"):
        send_webhook(hook(receiver.url), "alert-1", b"{}")
    assert (receiver.asked, receiver.taken) == (1, [])


def test_a_wrong_secret_is_noticed_by_the_receiver(receiver):
    with pytest.raises(SendError, match="code 401"):
        send_webhook(hook(receiver.url, "another secret of 24 characters"), "alert-1", b"{}")
    assert receiver.forged == 1


def test_a_receiver_that_is_away_is_named_without_its_address():
    with pytest.raises(SendError, match="control-room can't be reached") as caught:
        send_webhook(hook("http://127.0.0.1:9/hidden-token"), "alert-1", b"{}")
    assert "hidden-token" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a", "url": "http://control.example/", "secret": SECRET},
        {"name": "a", "url": "https://control.example/", "secret": "short"},
        {"name": "A b", "url": "https://control.example/", "secret": SECRET},
    ],
)
def test_what_would_go_in_clear_or_unsigned_is_no_webhook(entry):
    with pytest.raises(ValidationError):
        Webhook(**entry)


def test_no_secret_shows_when_a_webhook_is_printed():
    shown = repr(hook("https://control.example/token-1")) + str(hook("https://control.example/t"))
    assert SECRET not in shown
    assert "token-1" not in shown
