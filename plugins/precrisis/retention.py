"""retention_enforce: what is due is deleted, with a receipt chained to the one before it.

Afterwards ledger and bucket are compared both ways: an object without a ledger row, or a row whose
object is gone without a receipt, is an incident and fails the run.
"""

import datetime as dt
import hashlib
from typing import Any

import psycopg
from minio.error import S3Error

from precrisis import store
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

BUCKETS = ("restricted", "derived", "published")
FIRST_HASH = "0" * 64
LOCK = 7_201_611  # any constant: one writer of receipts at a time

# Inserted and never updated: the role may not change a receipt.
WRITE_RECEIPT = """
INSERT INTO ops.deletion_receipt (
    receipt_id, bucket, object_key, object_sha256, due_at, deleted_at, previous_hash, receipt_hash
)
VALUES (
    %(receipt_id)s, %(bucket)s, %(object_key)s, %(object_sha256)s, %(due_at)s, %(deleted_at)s,
    %(previous_hash)s, %(receipt_hash)s
)
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
    """Delete every object past its due time at the interval's end; return how many."""
    with connect("retention") as connection:
        due = connection.execute(
            "SELECT * FROM ops.object_ledger WHERE deleted_at IS NULL AND due_at <= %s "
            "ORDER BY due_at, bucket, object_key",
            (run.interval_end,),
        ).fetchall()
    step = Step("delete_due", "deletion", run, role="retention")
    done = step.each(due, lambda o: f"{o['bucket']}/{o['object_key']}", _delete)
    return len(done)


def _delete(entry: dict[str, Any], outcome: Outcome) -> None:
    store.client("retention").remove_object(entry["bucket"], entry["object_key"])
    with connect("retention") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(WRITE_RECEIPT, _receipt(connection, entry))
        connection.execute(
            "UPDATE ops.object_ledger SET deleted_at = now() WHERE bucket = %s AND object_key = %s",
            (entry["bucket"], entry["object_key"]),
        )
        _delete_rows(connection, entry)
    outcome.rows_out = 1


def _delete_rows(connection: psycopg.Connection, entry: dict[str, Any]) -> None:
    """The row that described the object goes with it; what was derived from it stays."""
    if entry["noun"] in ("footage_segment", "post"):
        connection.execute(
            f"DELETE FROM raw.{entry['noun']} WHERE object_key = %s", (entry["object_key"],)
        )


def _receipt(connection: psycopg.Connection, entry: dict[str, Any]) -> dict[str, Any]:
    last = connection.execute(
        "SELECT receipt_id, receipt_hash FROM ops.deletion_receipt ORDER BY receipt_id DESC LIMIT 1"
    ).fetchone() or {"receipt_id": 0, "receipt_hash": FIRST_HASH}
    receipt = {
        "receipt_id": last["receipt_id"] + 1,
        "bucket": entry["bucket"],
        "object_key": entry["object_key"],
        "object_sha256": entry["sha256"],
        "due_at": entry["due_at"],
        "deleted_at": dt.datetime.now(dt.UTC),
        "previous_hash": last["receipt_hash"],
    }
    return receipt | {"receipt_hash": receipt_hash(receipt)}


def receipt_hash(receipt: dict[str, Any]) -> str:
    """Hash of a receipt's content and of its predecessor (times in UTC)."""
    parts = [
        str(receipt["receipt_id"]), receipt["bucket"], receipt["object_key"],
        receipt["object_sha256"], _utc(receipt["due_at"]), _utc(receipt["deleted_at"]),
        receipt["previous_hash"],
    ]  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def broken_receipts(connection: psycopg.Connection) -> list[int]:
    """Receipt ids whose content or link does not fit: altered, removed or put in between."""
    broken, previous = [], FIRST_HASH
    rows = connection.execute("SELECT * FROM ops.deletion_receipt ORDER BY receipt_id")
    for number, receipt in enumerate(rows, start=1):
        fits = receipt["previous_hash"] == previous and receipt["receipt_id"] == number
        if not fits or receipt["receipt_hash"] != receipt_hash(receipt):
            broken.append(receipt["receipt_id"])
        previous = receipt["receipt_hash"]
    return broken


def reconcile(run: Run) -> int:
    """Compare ledger and buckets; return the number of objects that agree.

    Raises:
        LedgerMismatch: something is stored without a row, is missing, or a receipt was altered.
    """
    # Listed first: a step enters an object in the ledger before it writes it, so what lands
    # meanwhile is known by the time the ledger is read.
    found = {(bucket, key) for bucket in BUCKETS for key in _keys(bucket)}
    with connect("retention") as connection:
        rows = connection.execute(
            "SELECT bucket, object_key FROM ops.object_ledger WHERE deleted_at IS NULL "
            "AND stored_at < %s",
            (run.interval_end - dt.timedelta(minutes=5),),
        ).fetchall()
        every = connection.execute(
            "SELECT bucket, object_key FROM ops.object_ledger WHERE deleted_at IS NULL"
        ).fetchall()
        without_receipt = [row["object_key"] for row in connection.execute(WITHOUT_RECEIPT)]
        broken = broken_receipts(connection)
    expected = {(row["bucket"], row["object_key"]) for row in rows}
    known = {(row["bucket"], row["object_key"]) for row in every}
    unknown, missing = sorted(found - known), sorted(expected - found)
    if unknown or missing or broken or without_receipt:
        raise LedgerMismatch(
            f"{len(unknown)} objects without ledger row {unknown[:3]}, {len(missing)} rows without "
            f"object {missing[:3]}, broken receipts {broken[:3]}, deletions without receipt "
            f"{without_receipt[:3]}: report to the data-protection officer, then correct by hand."
        )
    return len(found)


def _keys(bucket: str) -> list[str]:
    try:
        return [key for key in store.keys("retention", bucket, "") if not key.startswith("status/")]
    except S3Error as error:
        raise LedgerMismatch(f"bucket {bucket} can't be listed ({error.code})") from None


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
