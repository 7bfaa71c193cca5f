"""Recall: what was shared is taken back, on record, and the recipient is told."""

import json
import socket

import psycopg
import pytest

from precrisis import clock
from precrisis.outcome import StepFailed
from precrisis.retention.objects import delete_due, reconcile
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.sharing import signing
from precrisis.sharing.recall import NotAuthorised, recall_share
from precrisis.sharing.share import share
from precrisis.warehouse import connect
from tests.integration.conftest import forget_configuration
from tests.sharing_market import (
    HOUR,
    PERIOD,
    at_noon,
    later,
    ledger,
    log,
    opened,
    platform_key,
    theme,
)  # fmt: skip


@pytest.fixture
def market(world, run):
    return opened(world, run)


REASON = "sent to the wrong office, act 9/2026"


def asked(**other) -> dict:
    return {
        "agreement_id": "river-themes",
        "period": PERIOD.first.isoformat(),
        "reason": REASON,
    } | other


@pytest.fixture
def sink(market):
    """A mail sink; its messages."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Message

    class Box(Message):
        def __init__(self):
            super().__init__()
            self.mails = []

        def handle_message(self, message):
            self.mails.append(message)

    box = Box()
    with socket.socket() as free:  # the controller probes its port, so 0 won't do
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    market.set_variable("PRECRISIS_SMTP_HOST", "127.0.0.1")
    market.set_variable("PRECRISIS_SMTP_PORT", str(port))
    forget_configuration()
    yield box.mails
    controller.stop()


def test_G8_a_recall_marks_the_ledger_deletes_the_parcel_and_tells_the_recipient(market, run, sink):
    theme(market, "river-park", at_noon(), 6)
    share(run, "river-themes")
    recall_share(later(run), asked())
    (entry,) = ledger(market)
    assert (entry["recalled_by"], entry["recall_reason"]) == ("ada", REASON)
    assert entry["recalled_at"] <= entry["notified_at"]
    _, recalled = log(market, "export")
    assert (recalled["actor"], recalled["reason"]) == ("ada", REASON)
    assert recalled["facts"]["is_recall"] is True

    (mail,) = sink
    assert mail["To"] == "urban-lab@coast.example"
    parts = {part.get_filename(): part.get_payload(decode=True) for part in mail.walk()}
    signing.verify(platform_key(), parts["recall.json.sig"], parts["recall.json"])
    notice = json.loads(parts["recall.json"])
    assert notice["content_sha256"] == entry["sha256"]
    assert REASON not in mail.as_string() + str(notice)  # not for outside

    now = clock.now()
    retention = Run("retention_enforce", "retention", now - HOUR, now)
    assert delete_due(retention) == 4
    assert market.store.keys("published", "share/") == []
    assert {row["reason"] for row in market.rows("SELECT reason FROM ops.deletion_receipt")} == {
        "recalled"
    }
    assert reconcile(retention) == 0
    assert share(later(run, name="again"), "river-themes") == 0  # it does not come back
    assert market.store.keys("published", "share/") == []


def test_a_repeated_recall_changes_nothing_and_tells_only_who_was_not_told(market, run, sink):
    share(run, "river-themes")
    port = settings().smtp_port
    market.set_variable("PRECRISIS_SMTP_PORT", "9")
    forget_configuration()
    with pytest.raises(StepFailed):
        recall_share(later(run), asked())
    (entry,) = ledger(market)
    assert entry["recalled_at"]  # the relay's trouble does not undo the recall
    assert (entry["notified_at"], sink) == (None, [])
    market.set_variable("PRECRISIS_SMTP_PORT", str(port))
    forget_configuration()
    for n in range(2):
        recall_share(later(run, name=str(n)), asked(reason="another reason entirely"))
    (again,) = ledger(market)
    assert again | {"notified_at": None} == entry
    assert len(sink) == 1
    assert len(log(market, "export")) == 2


def test_a_recall_needs_a_person_a_reason_and_something_shared(market, run, sink):
    share(run, "river-themes")
    with pytest.raises(NotAuthorised, match="person"):
        recall_share(run, asked())
    with pytest.raises(NotAuthorised, match="reason"):
        recall_share(later(run), asked(reason="  because "))
    recall_share(later(run), asked(period="2020-01-01"))
    assert market.quarantined("share") == {("river-themes/2020-01-01", "never_shared")}
    assert ledger(market)[0]["recalled_at"] is None
    assert sink == []


CHANGES = {
    "rewritten": "UPDATE ops.share SET recipient = 'somebody else'",
    "moved": "UPDATE ops.share SET shared_at = shared_at - interval '1 day'",
    "recalled by nobody": "UPDATE ops.share SET recalled_at = now(), recall_reason = 'long enough'",
    "recalled without reason": "UPDATE ops.share SET recalled_at = now(), recalled_by = 'ada'",
    "deleted": "DELETE FROM ops.share",
    "emptied": "TRUNCATE ops.share",
}


@pytest.mark.parametrize("how", CHANGES)
def test_G8_the_ledger_keeps_what_was_shared(market, run, how):
    share(run, "river-themes")
    before = ledger(market)
    with connect("analysis") as connection, pytest.raises(psycopg.Error):
        connection.execute(CHANGES[how])
    with pytest.raises(psycopg.Error, match=r"append-only|recall_"):  # not even the owner
        market.rows(CHANGES[how])
    assert ledger(market) == before


def test_G8_a_recall_is_not_undone(market, run, sink):
    share(run, "river-themes")
    recall_share(later(run), asked())
    undo = "UPDATE ops.share SET recalled_at = NULL, recalled_by = NULL, recall_reason = NULL"
    for statement in (undo, "UPDATE ops.share SET recall_reason = 'never happened'"):
        with pytest.raises(psycopg.Error, match="append-only"):
            market.rows(statement)
