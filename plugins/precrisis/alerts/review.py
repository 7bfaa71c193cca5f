"""What a person decides on alerts: what still waits for a decision, and the decisions."""

import datetime as dt
from typing import Any

from precrisis.alerts.version_rows import VERSIONS
from precrisis.alerts.versions import VersionKey
from precrisis.audit import MIN_REASON
from precrisis.city import city
from precrisis.warehouse import connect, upsert

# Nobody said anything yet, or it grew after a person dismissed it.
UNDECIDED = f"""
SELECT n.*, again.version AS asked_again
FROM (SELECT DISTINCT ON (alert_id) * FROM ({VERSIONS}) AS v ORDER BY alert_id, version DESC) AS n
LEFT JOIN (
    SELECT DISTINCT ON (alert_id) * FROM ops.alert_review ORDER BY alert_id, decided_at DESC
) AS w ON w.alert_id = n.alert_id
LEFT JOIN (
    SELECT DISTINCT ON (alert_id) * FROM ops.alert_version WHERE why = 'grew'
    ORDER BY alert_id, version DESC
) AS again ON again.alert_id = n.alert_id AND again.made_at > w.decided_at
WHERE w.alert_id IS NULL OR (w.decision = 'dismiss' AND again.alert_id IS NOT NULL)
ORDER BY n.raised_at, n.alert_id
"""


def undecided() -> list[dict[str, str]]:
    """Alerts without a decision, oldest first: id, title and body of what a reviewer is shown.

    `run_id` names the run of `alerts_review` that asks: another when it is asked again.
    """
    with connect("analysis") as connection:
        rows = connection.execute(UNDECIDED).fetchall()
    return [
        {
            "run_id": VersionKey(row["alert_id"], row["asked_again"] or 1).name,
            "alert_id": row["alert_id"],
            "title": _title(row),
            "body": _body(row),
        }
        for row in rows
    ]


def _title(alert: dict[str, Any]) -> str:
    local = alert["starts_at"].astimezone(city().timezone)
    zone = city().zone(alert["zone_id"]).name
    return f"{zone}, {local:%d.%m.%Y %H:%M}: {alert['risk_index']:.0f}/100 ({alert['severity']})"


def _body(alert: dict[str, Any]) -> str:
    """Why, how sure, and what is not known, in the city's language (Markdown)."""
    words = f"text_{city().language}"
    lines = [f"- {entry[words]}" for entry in (*alert["reasons"], *alert["unknowns"])]
    return "\n".join([*lines, "", f"{alert['certainty']:.0%} · {alert['alert_id']}"])


def record_review(alert_id: str, decision: str, reason: str, reviewer: str) -> None:
    """Write a person's decision on an alert.

    Raises:
        ValueError: no reason was given; a decision without one can't be learnt from.
    """
    if len(reason.strip()) < MIN_REASON:
        raise ValueError(f"alert {alert_id}: give a reason ({MIN_REASON} characters or more)")
    row = {
        "alert_id": alert_id,
        "decision": decision,
        "reason": reason.strip(),
        "reviewer": reviewer,
        "decided_at": dt.datetime.now(dt.UTC),
    }
    with connect("analysis") as connection:
        upsert(connection, "ops.alert_review", ("alert_id", "decided_at"), [row])
