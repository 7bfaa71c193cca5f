"""Urgent events of the last hours become alerts, each once."""

import datetime as dt

from precrisis.alerts.candidates import COLUMNS
from precrisis.alerts.urgent import urgent_alerts
from precrisis.city import city
from precrisis.outcome import Outcome
from precrisis.run import Run
from precrisis.warehouse import connect, upsert

URGENT = """
SELECT * FROM ops.alert_candidate WHERE raised_at >= %(since)s - interval '1 day'
"""
GOING_ON = """
SELECT zone_id, starts_at, ends_at FROM ops.alert
WHERE rule = %(rule)s AND ends_at >= %(since)s - interval '1 day'
"""
# Laplace's rule: half before anybody said anything.
PRECISION = """
SELECT ((count(*) FILTER (WHERE decision = 'accept') + 1) / (count(*) + 2.0))::float AS precision
FROM (
    SELECT DISTINCT ON (r.alert_id) r.decision FROM ops.alert_review AS r
    INNER JOIN ops.alert AS a ON a.alert_id = r.alert_id
    WHERE a.rule = %(rule)s AND a.rule_version = %(version)s
    ORDER BY r.alert_id, r.decided_at DESC
) AS last_words
"""
URGENT_FOR = dt.timedelta(hours=2)  # what nobody could be told of in this time is for the marts


def select_urgent(run: Run, outcome: Outcome) -> None:
    """Store the alerts that events of the last hours make, within budget.

    Signs of a day are read, so that an event keeps its beginning, and with it its alert_id.
    """
    rule = city().thresholds.urgent_events
    if rule is None:
        outcome.detail = "the city pack names no urgent events"
        return
    since = run.interval_end - URGENT_FOR
    facts = {"rule": rule.rule, "version": rule.version, "since": since}
    with connect("analysis") as connection:
        # One after the other: two at a time could each raise the same event.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('urgent_alerts'))")
        signs = connection.execute(URGENT, facts).fetchall()
        going_on = connection.execute(GOING_ON, facts).fetchall()
        precision = connection.execute(PRECISION, facts).fetchone()["precision"]
        found = urgent_alerts(signs, going_on, rule, _weights(), precision, since, city().timezone)
        rows = [{name: getattr(c, name) for name in COLUMNS} for c in found.raised]
        upsert(connection, "ops.alert", ("alert_id",), rows, keep=COLUMNS[1:])
    outcome.rows_in, outcome.rows_out = len(signs), len(rows)
    outcome.detail = f"{len(found.held_back)} held back by budget or expiry"


def _weights() -> dict[str, float]:
    points = city().thresholds.risk_points
    return {name: points[f"weight_{name}"].value for name in ("crowding", "video_event")}
