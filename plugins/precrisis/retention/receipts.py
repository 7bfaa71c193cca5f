"""Deletion receipts: one for each object that was deleted, chained to the one before it by hash."""

import datetime as dt
import hashlib
from typing import Any

import psycopg

from precrisis import clock

FIRST_HASH = "0" * 64
LOCK = 7_201_611  # any constant: one writer of receipts at a time
DUE = "due"

# Inserted and never updated: the role may not change a receipt.
WRITE = """
INSERT INTO ops.deletion_receipt (
    receipt_id, bucket, object_key, object_sha256, due_at, deleted_at, reason, previous_hash,
    receipt_hash
)
VALUES (
    %(receipt_id)s, %(bucket)s, %(object_key)s, %(object_sha256)s, %(due_at)s, %(deleted_at)s,
    %(reason)s, %(previous_hash)s, %(receipt_hash)s
)
"""


def write_receipt(connection: psycopg.Connection, entry: dict[str, Any]) -> dt.datetime:
    """Write the receipt of a ledger entry that was deleted just now; return when (UTC)."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    last = connection.execute(
        "SELECT receipt_id, receipt_hash FROM ops.deletion_receipt ORDER BY receipt_id DESC LIMIT 1"
    ).fetchone() or {"receipt_id": 0, "receipt_hash": FIRST_HASH}
    receipt = {
        "receipt_id": last["receipt_id"] + 1,
        "bucket": entry["bucket"],
        "object_key": entry["object_key"],
        "object_sha256": entry["sha256"],
        "due_at": entry["due_at"],
        "deleted_at": clock.now(),
        "reason": entry["reason"],
        "previous_hash": last["receipt_hash"],
    }
    connection.execute(WRITE, receipt | {"receipt_hash": receipt_hash(receipt)})
    return receipt["deleted_at"]


def receipt_hash(receipt: dict[str, Any]) -> str:
    """Hash of a receipt's content and of its predecessor (times in UTC).

    The usual reason is left out, as it was before receipts had one: old receipts still verify.
    """
    parts = [
        str(receipt["receipt_id"]), receipt["bucket"], receipt["object_key"],
        receipt["object_sha256"], _utc(receipt["due_at"]), _utc(receipt["deleted_at"]),
        receipt["previous_hash"],
    ]  # fmt: skip
    parts += [receipt["reason"]] if receipt["reason"] != DUE else []
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


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
