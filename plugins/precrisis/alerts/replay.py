"""Make a past alert again from what it kept of its inputs, by the rule it kept, with code of today.

An alert keeps the rule and every figure that it was made of (`inputs`). The audit log keeps which
code, city pack and models were at work when it was raised; it can't be changed without being seen.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from precrisis.alerts.candidates import COLUMNS, Candidate, candidate_of
from precrisis.alerts.rules import AlertRule
from precrisis.alerts.urgent import candidate_of_event
from precrisis.city import city
from precrisis.settings import settings
from precrisis.version import code_sha256, pack_sha256
from precrisis.warehouse import connect

NEAR = 1e-4  # the warehouse keeps figures as `real`, seven digits
# What was at work last, of each step that an alert rests on, before it was raised.
VERSIONS = """
SELECT DISTINCT ON (subject) subject AS step, logged_at, run_id, entry_id,
    facts ->> 'code' AS code, facts ->> 'configuration' AS configuration, facts ->> 'model' AS model
FROM ops.audit_log
WHERE action = 'run_done' AND subject = ANY(%(steps)s) AND logged_at < %(until)s
ORDER BY subject, entry_id DESC
"""
STEPS = ("analyse_segment", "name_events", "take_in_posts", "understand_posts", "fit_baseline")
# The step that raised it logs itself right after.
RAISED_BY = """
SELECT subject AS step, logged_at, run_id, entry_id,
    facts ->> 'code' AS code, facts ->> 'configuration' AS configuration, facts ->> 'model' AS model
FROM ops.audit_log
WHERE action = 'run_done' AND subject = %(step)s AND logged_at >= %(raised_at)s
ORDER BY entry_id LIMIT 1
"""


class NoSuchAlert(LookupError):
    """No alert has this id."""


@dataclass(frozen=True)
class Replay:
    """What came of it. `differences`: column, as it was, as it is made now; empty when the same."""

    alert_id: str
    differences: list[tuple[str, Any, Any]]
    versions_then: list[dict[str, Any]]
    code_now: str
    configuration_now: str

    @property
    def is_same(self) -> bool:
        return not self.differences


def alert_row(alert_id: str) -> dict[str, Any]:
    """Return an alert as it was raised.

    Raises:
        NoSuchAlert: its row is not there.
    """
    with connect("auditor") as connection:
        row = connection.execute(
            "SELECT * FROM ops.alert WHERE alert_id = %s", (alert_id,)
        ).fetchone()
    if row is None:
        raise NoSuchAlert(f"no alert '{alert_id}' is on record")
    return row


def replay(alert_id: str) -> Replay:
    """Make an alert again from its kept inputs and compare.

    Raises:
        NoSuchAlert: there is none of this id.
        ValueError: its inputs are not whole, so nothing can be made of them; names what is missing.
    """
    row = alert_row(alert_id)
    with connect("auditor") as connection:
        versions = _versions(connection, row)
    differences = differences_of(row, rebuilt(row))
    return Replay(alert_id, differences, versions, code_sha256(), pack_sha256(settings().city_pack))


def rebuilt(row: dict[str, Any]) -> Candidate:
    """Return the candidate that an alert's kept inputs make now.

    Raises:
        ValueError: the inputs are not whole.
    """
    inputs = row["inputs"]
    try:
        known = AlertRule.model_fields
        rule = AlertRule(**{k: v for k, v in inputs["rule"].items() if k in known})
        if "hours" in inputs:
            hours = [_hour(hour, row["zone_id"]) for hour in inputs["hours"]]
            return candidate_of(hours, rule)
        signs = sorted(
            (_sign(sign, row["zone_id"]) for sign in inputs["candidates"]),
            key=lambda sign: (sign["starts_at"], sign["candidate_id"]),
        )
        planned = inputs["planned"] and _sign(inputs["planned"], row["zone_id"])
        return candidate_of_event(signs, rule, inputs["weights"], inputs["precision"], planned)
    except KeyError as error:
        raise ValueError(f"alert {row['alert_id']} keeps no {error}: can't be replayed") from None


def differences_of(row: dict[str, Any], made: Candidate) -> list[tuple[str, Any, Any]]:
    """Return each column that is not as it was: its name, the value then, the value now."""
    found = [(name, row[name], getattr(made, name)) for name in COLUMNS if name != "inputs"]
    return [(name, then, now) for name, then, now in found if not _is_same(then, now)]


def _is_same(then: Any, now: Any) -> bool:
    if isinstance(then, float):
        return abs(then - now) <= NEAR * max(1.0, abs(then))
    return then == now


def _hour(kept: dict[str, Any], zone_id: str) -> dict[str, Any]:
    moment = dt.datetime.fromisoformat(kept["hour_start_at"])
    return {**kept, "hour_start_at": moment, "zone_id": zone_id}


def _sign(kept: dict[str, Any], zone_id: str) -> dict[str, Any]:
    """A sign, or what was planned, as it was read then."""
    times = {name: dt.datetime.fromisoformat(kept[name]) for name in ("starts_at", "ends_at")}
    return {**kept, **times, "zone_id": zone_id}


def _versions(connection: Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    urgent = city().thresholds.urgent_events
    step = "select_urgent_alerts" if urgent and row["rule"] == urgent.rule else "select_alerts"
    facts = {"steps": list(STEPS), "until": row["raised_at"]}
    found = connection.execute(VERSIONS, facts).fetchall()
    raised = {"step": step, "raised_at": row["raised_at"]}
    return [*found, *connection.execute(RAISED_BY, raised).fetchall()]
