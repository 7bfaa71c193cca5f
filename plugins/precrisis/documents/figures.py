"""Figures of the running system that the assessments quote, read as the auditor."""

import datetime as dt
import json
from dataclasses import dataclass

import psycopg

from models.video import masking_record
from precrisis.settings import ROOT

WINDOW = dt.timedelta(days=30)
RESULTS = ROOT / "docs" / "lawfulness.json"  # written by `make lawfulness`

NEWEST_ATTACKS = """
SELECT DISTINCT ON (mart, column_name, attack) has_passed FROM ops.privacy_test
WHERE release = (SELECT release FROM ops.privacy_test ORDER BY tested_at DESC LIMIT 1)
ORDER BY mart, column_name, attack, tested_at DESC
"""

# Each gives one number; %(since)s and %(at)s are UTC.
QUERIES = {
    "runs_allowed": "SELECT count(*) FROM ops.audit_log "
    "WHERE action = 'run_allowed' AND logged_at >= %(since)s",
    "runs_refused": "SELECT count(*) FROM ops.audit_log "
    "WHERE action = 'run_refused' AND logged_at >= %(since)s",
    # Work on a station's items in a run that the gate neither allowed nor refused.
    "runs_without_basis": """
        SELECT count(DISTINCT o.run_id) FROM ops.outcome AS o
        WHERE o.step IN ('take_in_recording', 'take_in_posts', 'take_in_incidents',
                         'take_in_calendar', 'take_in_warnings', 'take_in_places',
                         'analyse_segment', 'understand_posts')
        AND o.started_at >= %(since)s AND o.status <> 'failed' AND NOT EXISTS (
            SELECT FROM ops.audit_log AS a WHERE a.run_id = o.run_id
            AND a.action IN ('run_allowed', 'run_refused')
        )
    """,
    "objects_stored": "SELECT count(*) FROM ops.object_ledger "
    "WHERE bucket = 'restricted' AND deleted_at IS NULL",
    "objects_past_due": "SELECT count(*) FROM ops.object_ledger "
    "WHERE deleted_at IS NULL AND due_at < %(at)s - interval '1 hour'",
    "longest_kept_h": "SELECT coalesce(round(extract(epoch FROM %(at)s - min(stored_at)) / 3600), "
    "0) FROM ops.object_ledger WHERE bucket = 'restricted' AND deleted_at IS NULL",
    "deletions": "SELECT count(*) FROM ops.deletion_receipt",
    "quarantined": "SELECT count(*) FROM ops.quarantine",
    "incident_mode": "SELECT count(*) FROM ops.audit_log "
    "WHERE action = 'incident_mode' AND logged_at >= %(since)s",
    "consultations": "SELECT count(*) FROM ops.audit_log "
    "WHERE action IN ('consultation', 'disclosure', 'unmasking') AND logged_at >= %(since)s",
    "attacks_on_marts": f"SELECT count(*) FROM ({NEWEST_ATTACKS}) AS a",
    "attacks_on_marts_worked": f"SELECT count(*) FROM ({NEWEST_ATTACKS}) AS a WHERE NOT has_passed",
    "alerts": "SELECT count(*) FROM ops.alert",
    "reviews": "SELECT count(DISTINCT alert_id) FROM ops.alert_review",
}


@dataclass(frozen=True)
class Proof:
    """The last results of the tests that prove one requirement."""

    passed: int
    failed: int
    ran_on: str


def read_figures(connection: psycopg.Connection, at: dt.datetime) -> dict[str, int]:
    """Return every figure of QUERIES as of `at` (UTC)."""
    parameters = {"at": at, "since": at - WINDOW}
    return {
        name: int(next(iter(connection.execute(query, parameters).fetchone().values())))
        for name, query in QUERIES.items()
    }


def read_picture_attacks() -> dict[str, int]:
    """Return how the evidence pictures stood the attacks that must not succeed, as figures."""
    content = masking_record.read()
    must_fail = [a for a in content["who_is_who"] if a["role"] == "must not succeed"]
    worked = [attack for attack in must_fail if not attack["is_passed"]]
    faces = sum(scene["output"] for scene in content["faces"])
    return {
        "attacks_on_pictures": len(must_fail),
        "attacks_on_pictures_worked": len(worked),
        "faces_in_pictures": faces,
    }


def read_proofs() -> dict[str, Proof]:
    """Return the last test results by row (G1 ...); empty when the tests were never recorded."""
    if not RESULTS.exists():
        return {}
    content = json.loads(RESULTS.read_text("utf-8"))
    return {
        row: Proof(
            passed=sum(test["passed"] for test in tests),
            failed=sum(not test["passed"] for test in tests),
            ran_on=content["ran_on"],
        )
        for row, tests in content["rows"].items()
    }
