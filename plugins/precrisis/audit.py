"""The append-only, hash-chained log of what was allowed, looked at, given out, decided, changed.

The database keeps the chain (infra/postgis/40_audit.sql). What a chain can't show is that its end
was cut off: for that the newest entry's hash is laid down daily as a witness in the object store,
where the warehouse's roles can't reach it.
"""

import datetime as dt
import json
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from precrisis import store
from precrisis.run import Run
from precrisis.warehouse import connect

MIN_REASON = 10  # characters; the database asks for as many
WITNESS = "audit_head"
# The AI Act asks for six months at least; the witness is kept as long as the longest limitation.
WITNESS_KEPT = dt.timedelta(days=5 * 365)


class Action(StrEnum):
    """What an entry is about; the first group is written by steps, the second by people's acts."""

    RUN_ALLOWED = "run_allowed"
    RUN_REFUSED = "run_refused"
    RUN_DONE = "run_done"
    DELETION = "deletion"
    LOG_CHECKED = "log_checked"

    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    UNMASKING = "unmasking"
    EXPORT = "export"
    CONFIGURATION_CHANGE = "configuration_change"
    REVIEW = "review"
    INCIDENT_MODE = "incident_mode"
    LEGAL_HOLD = "legal_hold"


class LogBroken(RuntimeError):
    """The log was changed, or its end is missing; names the entries."""


def append(
    role: str,
    action: Action,
    subject: str,
    *,
    actor: str = "platform",
    reason: str = "",
    run_id: str = "",
    facts: dict[str, Any] | None = None,
) -> int:
    """Write an entry in a transaction of its own, so that it stays when the work fails.

    Args:
        role: the warehouse role at work.
        subject: the key of what it is about (source, object key, alert id), never content.
        actor: the account of a person, or the platform itself.
        reason: why; the database refuses a person's act without one (10 characters or more).

    Returns:
        The number of the entry.

    Raises:
        psycopg.errors.CheckViolation: no reason where one is required.
    """
    arguments = (action, subject, actor, reason, run_id, Jsonb(facts or {}))
    query = "SELECT ops.append_audit(%s, %s, %s, %s, %s, %s) AS entry_id"
    with connect(role) as connection:
        return connection.execute(query, arguments).fetchone()["entry_id"]


def check(run: Run) -> int:
    """Verify the chain and its witnesses, then lay down a new witness; return the entries checked.

    Raises:
        LogBroken: an entry was altered, removed or put in, or the end of the log is missing.
    """
    with connect("auditor") as connection:
        broken = connection.execute("SELECT * FROM ops.broken_audit() LIMIT 5").fetchall()
        hashes = {
            row["entry_id"]: row["entry_hash"]
            for row in connection.execute("SELECT entry_id, entry_hash FROM ops.audit_log")
        }
    findings = [f"entry {row['entry_id']}: {row['problem']}" for row in broken]
    findings += [
        f"entry {head['entry_id']}: not as on {head['logged_on']}, or missing"
        for head in _witnesses()
        if hashes.get(head["entry_id"]) != head["entry_hash"]
    ]
    if findings:
        raise LogBroken(
            f"The audit log does not verify ({'; '.join(findings[:5])}): keep everything as it is "
            "and tell the data-protection officer."
        )
    append("auditor", Action.LOG_CHECKED, "ops.audit_log", run_id=run.run_id)
    _lay_down_witness(run)
    return len(hashes)


def _witnesses() -> list[dict[str, Any]]:
    found = store.keys("publish", "published", f"{WITNESS}/")
    return [json.loads(store.get("publish", "published", key)) for key in found]


def _lay_down_witness(run: Run) -> None:
    with connect("auditor") as connection:
        head = connection.execute(
            "SELECT entry_id, entry_hash, logged_at FROM ops.audit_log "
            "ORDER BY entry_id DESC LIMIT 1"
        ).fetchone()
    logged_on = f"{head['logged_at']:%Y-%m-%d}"
    content = {"entry_id": head["entry_id"], "entry_hash": head["entry_hash"]}
    with connect("analysis") as connection:
        store.put(
            connection, "publish", "published",
            f"{WITNESS}/{logged_on}_{head['entry_id']:012d}.json",
            json.dumps(content | {"logged_on": logged_on}).encode(),
            noun=WITNESS, retention=WITNESS_KEPT, content_type="application/json",
        )  # fmt: skip
