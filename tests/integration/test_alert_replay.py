"""Alerts made again from what they kept, and packed, on a real warehouse and store."""

import datetime as dt
import hashlib
import json
import zipfile

import psycopg
import pytest

from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.evidence_pack import pack_evidence
from precrisis.alerts.raising import raise_alerts
from precrisis.alerts.replay import NoSuchAlert, replay
from precrisis.alerts.review import record_review
from precrisis.alerts.urgent_selection import select_urgent
from precrisis.outcome import Step
from tests import marts
from tests.integration.test_alert_urgent import signs

MINUTE = dt.timedelta(minutes=1)
WHY = "asked for by the prosecutor"


@pytest.fixture
def urgent(town, run, relay):
    """An alert of five signs near a market, delivered and accepted."""
    start = run.interval_end - 30 * MINUTE
    town.rows(
        "INSERT INTO raw.calendar_event (source, source_id, title, kind, place_id, starts_at, "
        "ends_at, expected_people) VALUES ('c', '1', 'Market', 'market', 'town-square', %s, %s, 9)",
        start - 60 * MINUTE, start + 60 * MINUTE,
    )  # fmt: skip
    signs(town, start, 5)
    Step("select_urgent_alerts", "alert", run, "analysis").each([run], lambda _: "1", select_urgent)
    deliver_alerts(run)
    (alert,) = town.rows("SELECT * FROM ops.alert")
    record_review(alert["alert_id"], "accept", "seen on the screens", "operator")
    return alert


def test_an_urgent_alert_comes_out_the_same_with_the_versions_then_in_use(town, urgent):
    found = replay(urgent["alert_id"])
    assert found.differences == []
    (raised,) = [v for v in found.versions_then if v["step"] == "select_urgent_alerts"]
    assert (raised["code"], raised["configuration"]) == (found.code_now, found.configuration_now)


def test_a_zone_hour_alert_comes_out_the_same(town, run, relay):
    for n in range(6):
        marts.window(town, "town-square", 600, n)
    marts.build(only="+fct_zone_hour")
    raise_alerts(run)
    (alert,) = town.rows("SELECT * FROM ops.alert")
    assert alert["rule"] == "zone_risk_noticed"
    assert replay(alert["alert_id"]).differences == []


def test_a_figure_that_was_changed_shows(town, urgent):
    town.rows(
        "UPDATE ops.alert SET inputs = jsonb_set(inputs, '{candidates,0,confidence}', '0.99')"
    )
    names = {name for name, _, _ in replay(urgent["alert_id"]).differences}
    assert names >= {"risk_index", "certainty", "reasons"}
    assert "zone_id" not in names


def test_an_alert_that_keeps_too_little_says_what_is_missing(town, urgent):
    town.rows("UPDATE ops.alert SET inputs = inputs - 'weights'")
    with pytest.raises(ValueError, match="keeps no 'weights'"):
        replay(urgent["alert_id"])


def test_the_pack_holds_everything_allowed_each_with_its_sum(town, urgent, tmp_path):
    file = pack_evidence(urgent["alert_id"], tmp_path, "officer", WHY)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(line.split("  ")[::-1] for line in parts.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    tables = {"alert", "alert_version", "alert_delivery", "alert_review"}
    assert {f"{table}.json" for table in tables} <= set(parts)
    assert all(json.loads(parts[f"{table}.json"]) for table in tables)
    assert json.loads(parts["replay.json"])["is_same"]
    assert json.loads(parts["audit_log_check.json"]) == {"is_whole": True, "problems": []}
    assert [name for name in parts if name.endswith(".cap.xml")]
    assert {"models/README.md", "city/SHA256SUMS", "city/register.yaml"} <= set(parts)
    logged = town.rows("SELECT * FROM ops.audit_log WHERE action = 'disclosure'")
    assert [(e["subject"], e["actor"], e["reason"]) for e in logged] == [
        (urgent["alert_id"], "officer", WHY)
    ]
    assert logged[0]["facts"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_without_a_reason_nothing_is_packed(town, urgent, tmp_path):
    with pytest.raises(psycopg.errors.CheckViolation):
        pack_evidence(urgent["alert_id"], tmp_path, "officer", "because")
    assert list(tmp_path.glob("*.zip")) == []


def test_an_alert_nobody_knows_is_said_to_be_unknown(town):
    with pytest.raises(NoSuchAlert, match="no alert 'nothing' is on record"):
        replay("nothing")
