"""An urgent event, from its candidate over Airflow to the messages and the person it waits for."""

import datetime as dt
import time

from precrisis.footage.urgent import start_alerts

SIGN = """
INSERT INTO ops.alert_candidate
(candidate_id, kind, zone_id, starts_at, ends_at, confidence, inputs, landed_at)
VALUES ('e2e-urgent', 'density_level', %s, %s, %s, %s,
    '{"segments": [], "model_version": "e2e"}', %s)
RETURNING candidate_id
"""
SENT = """
SELECT channel FROM ops.alert_delivery AS d INNER JOIN ops.alert AS a ON a.alert_id = d.alert_id
WHERE a.rule = 'urgent_event' AND d.version = 1 AND d.status = 'sent' ORDER BY channel
"""
HIGHEST = "SELECT zone_id FROM marts.fct_alert ORDER BY risk_index DESC LIMIT 1"
CONFIDENCE = 0.75  # just over the limit: the report, made before, names the highest alert


def test_an_urgent_event_starts_its_own_run_and_is_told_within_it(airflow, rows):
    """In the zone of the highest alert, so that what other tests read of it stays as it was."""
    zone = rows(HIGHEST)[0]["zone_id"]
    before = {run["dag_run_id"] for run in airflow.runs("alerts_raise")}
    now = dt.datetime.now(dt.UTC)
    rows(SIGN, zone, now, now, CONFIDENCE, now)
    started = time.monotonic()
    start_alerts()
    (run_id,) = {run["dag_run_id"] for run in airflow.runs("alerts_raise")} - before
    airflow.finish("alerts_raise", run_id)
    print(f"candidate to the end of its run: {time.monotonic() - started:.1f} s")
    assert [row["channel"] for row in rows(SENT)] == ["cap", "mail"]
    (alert,) = rows("SELECT alert_id FROM ops.alert WHERE rule = 'urgent_event'")
    (asked,) = (r for r in airflow.runs("alerts_review") if r["dag_run_id"] == alert["alert_id"])
    assert asked["state"] == "running"
