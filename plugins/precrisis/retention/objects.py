"""retention_enforce: what is due is deleted, with a receipt chained to the one before it.

Afterwards ledger and bucket are compared both ways: an object without a ledger row, a row whose
object is gone without a receipt, or an object past its due time is an incident and fails the run.
"""

import datetime as dt
from typing import Any

import psycopg
from minio.error import S3Error

from precrisis import audit, store
from precrisis.audit import Action
from precrisis.outcome import Outcome, Step
from precrisis.retention.legal_hold import HELD
from precrisis.retention.receipts import broken_receipts, write_receipt
from precrisis.run import Run
from precrisis.warehouse import connect

BUCKETS = ("restricted", "derived", "published")
# An hourly run has had two chances by then.
OVERDUE_AFTER = dt.timedelta(hours=2)

DUE = f"""
SELECT * FROM ops.object_ledger AS o
WHERE o.deleted_at IS NULL AND o.due_at <= %(due)s AND NOT {HELD}
ORDER BY o.due_at, o.bucket, o.object_key
"""
# A chain shows what was altered or taken from its middle; this shows what was cut off its end.
WITHOUT_RECEIPT = """
SELECT o.object_key FROM ops.object_ledger AS o
WHERE o.deleted_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM ops.deletion_receipt AS r
    WHERE r.bucket = o.bucket AND r.object_key = o.object_key
)
ORDER BY o.object_key
"""


class LedgerMismatch(RuntimeError):
    """Ledger and bucket disagree; names the keys."""


def delete_due(run: Run) -> int:
    """Delete every object past its due time at the interval's end, unless held; return how many."""
    with connect("retention") as connection:
        values = {"due": run.interval_end, "at": run.interval_end}
        due = connection.execute(DUE, values).fetchall()
    step = Step("delete_due", "deletion", run, role="retention")
    done = step.each(due, lambda o: f"{o['bucket']}/{o['object_key']}", _delete)
    if done:
        facts = {"objects": len(done)}
        audit.append(
            "retention", Action.DELETION, "ops.object_ledger", run_id=run.run_id, facts=facts
        )
    return len(done)


def _delete(entry: dict[str, Any], outcome: Outcome) -> None:
    store.client("retention").remove_object(entry["bucket"], entry["object_key"])
    with connect("retention") as connection:
        deleted_at = write_receipt(connection, entry)
        connection.execute(
            "UPDATE ops.object_ledger SET deleted_at = %s WHERE bucket = %s AND object_key = %s",
            (deleted_at, entry["bucket"], entry["object_key"]),
        )
        _delete_rows(connection, entry)
    outcome.rows_out, outcome.detail = 1, entry["reason"]


def _delete_rows(connection: psycopg.Connection, entry: dict[str, Any]) -> None:
    """The row that described the object goes with it; what was derived has a time of its own."""
    if entry["noun"] in ("footage_segment", "post"):
        connection.execute(
            f"DELETE FROM raw.{entry['noun']} WHERE object_key = %s", (entry["object_key"],)
        )


def reconcile(run: Run) -> int:
    """Compare ledger and buckets; return the number of objects that agree.

    Raises:
        LedgerMismatch: something is stored without a row, is missing or overdue, or a receipt was
            altered.
    """
    # Listed first: a step enters an object in the ledger before it writes it, so what lands
    # meanwhile is known by the time the ledger is read.
    found = {(bucket, key) for bucket in BUCKETS for key in _keys(bucket)}
    with connect("retention") as connection:
        rows = connection.execute(
            "SELECT bucket, object_key, stored_at < %s AS is_settled FROM ops.object_ledger "
            "WHERE deleted_at IS NULL",
            (run.interval_end - dt.timedelta(minutes=5),),
        ).fetchall()
        values = {"due": run.interval_end - OVERDUE_AFTER, "at": run.interval_end}
        overdue = [row["object_key"] for row in connection.execute(DUE, values)]
        without_receipt = [row["object_key"] for row in connection.execute(WITHOUT_RECEIPT)]
        broken = broken_receipts(connection)
    known = {(row["bucket"], row["object_key"]) for row in rows}
    expected = {(row["bucket"], row["object_key"]) for row in rows if row["is_settled"]}
    unknown, missing = sorted(found - known), sorted(expected - found)
    if unknown or missing or broken or without_receipt or overdue:
        raise LedgerMismatch(
            f"{len(unknown)} objects without ledger row {unknown[:3]}, {len(missing)} rows without "
            f"object {missing[:3]}, broken receipts {broken[:3]}, deletions without receipt "
            f"{without_receipt[:3]}, {len(overdue)} overdue {overdue[:3]}: report to the "
            "data-protection officer, then correct by hand."
        )
    return len(found)


def _keys(bucket: str) -> list[str]:
    try:
        return [key for key in store.keys("retention", bucket, "") if not key.startswith("status/")]
    except S3Error as error:
        raise LedgerMismatch(f"bucket {bucket} can't be listed ({error.code})") from None
