"""Delivery against a real PostgreSQL and a real SMTP server in this process."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from precrisis.alerts.candidates import candidates
from precrisis.alerts.deliver import BEGUN, DeliveryError, deliver, deliver_cap, deliver_mail
from precrisis.alerts.mail import alert_mail
from precrisis.alerts.version_rows import store_raised
from precrisis.alerts.versions import Version, VersionKey
from precrisis.relay import Relay, send
from precrisis.warehouse import connect
from tests.unit.alerts_town import rule, town, zone_hour

THEN = dt.datetime(1999, 11, 20, 20, tzinfo=dt.UTC)


@pytest.fixture
def connection(world):
    with connect("analysis") as opened:
        yield opened


@pytest.fixture
def alert(connection):
    (found,) = candidates([zone_hour()], [rule(rule="integration_test")]).raised
    found = replace(
        found,
        alert_id=f"test-{uuid.uuid4().hex}",
        starts_at=THEN,
        ends_at=THEN + dt.timedelta(hours=1),
    )
    store_raised(connection, [found])
    connection.commit()
    return found


@pytest.fixture
def message(alert):
    links = {"review": "https://precrisis.trento.example/r", "dashboard": ""}
    return alert_mail(
        Version(alert, 1, "raised", THEN),
        town(),
        b"\x89PNG",
        b"<alert/>",
        links,
        to=["sala-operativa@trento.example"],
        sender="precrisis@trento.example",
    )


def first(alert) -> VersionKey:
    return VersionKey(alert.alert_id, 1)


def row_of(connection, alert, channel="mail"):
    found = connection.execute(
        "SELECT status, reference, detail FROM ops.alert_delivery"
        " WHERE alert_id = %s AND channel = %s",
        (alert.alert_id, channel),
    ).fetchone()
    connection.commit()
    return found


def test_a_mail_goes_out_once(connection, alert, message, relay):
    results = [
        deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection)
        for _ in range(3)
    ]
    assert results == ["sent", "unchanged", "unchanged"]
    (content,) = relay.mails
    assert b"application/cap+xml" in content
    assert row_of(connection, alert) == {
        "status": "sent",
        "reference": message["Message-ID"],
        "detail": "",
    }


def test_a_refusal_is_recorded_and_the_next_try_delivers(connection, alert, message, relay):
    relay.code = 451
    with pytest.raises(DeliveryError, match="code 451"):
        deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection)
    assert row_of(connection, alert)["status"] == "failed"
    assert "code 451" in row_of(connection, alert)["detail"]
    relay.code = 250
    assert deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection) == "sent"
    assert len(relay.mails) == 1


def test_a_crash_between_send_and_mark_sends_again_under_the_same_id(
    connection, alert, message, relay
):
    def send_then_crash():
        send(message, Relay("127.0.0.1", relay.port))
        raise KeyboardInterrupt  # what a killed worker looks like: no handler runs

    with pytest.raises(KeyboardInterrupt):
        deliver(first(alert), "mail", send_then_crash, message["Message-ID"], connection)
    assert row_of(connection, alert)["detail"] == BEGUN
    assert deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection) == "sent"
    ids = [
        line
        for content in relay.mails
        for line in content.splitlines()
        if line.lower().startswith(b"message-id")
    ]
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_workers_at_the_same_time_send_one_mail(alert, message, relay):
    def work(_):
        with connect("analysis") as own:
            return deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), own)

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(work, range(6)))
    assert results == ["sent"] + ["unchanged"] * 5
    assert len(relay.mails) == 1


def test_channels_are_independent_and_cap_has_its_key(connection, alert, message, relay):
    store = {}

    def put(bucket, key, content, content_type):
        store[bucket, key] = (content, content_type)

    deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection)
    for expected in ("sent", "unchanged"):
        result = deliver_cap(first(alert), alert.starts_at, b"<alert/>", put, connection)
        assert result == expected
    key = f"alerts/1999-11-20/{alert.alert_id}.cap.xml"
    assert store == {("published", key): (b"<alert/>", "application/cap+xml")}
    assert row_of(connection, alert, "cap")["reference"] == f"published:{key}"


def test_an_error_of_the_store_keeps_its_text_out_of_the_ledger(connection, alert):
    def put(*_):
        raise OSError("http://key:secret@store/")

    with pytest.raises(DeliveryError) as caught:
        deliver_cap(first(alert), alert.starts_at, b"<alert/>", put, connection)
    assert "secret" not in str(caught.value)
    assert row_of(connection, alert, "cap")["detail"] == "OSError"


def test_an_alert_that_is_not_stored_is_not_sent(connection, message, relay):
    with pytest.raises(DeliveryError, match=r"not in ops\.alert_version"):
        deliver_mail(
            VersionKey("test-unknown", 1), message, Relay("127.0.0.1", relay.port), connection
        )
    assert relay.mails == []


def test_inside_a_transaction_nothing_is_sent(connection, alert, message, relay):
    connection.execute("SELECT 1")
    with pytest.raises(DeliveryError, match="outside a transaction"):
        deliver_mail(first(alert), message, Relay("127.0.0.1", relay.port), connection)
    assert relay.mails == []
