"""A receipt's hash covers all it says, and does not depend on how a time is written."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from precrisis.retention.receipts import receipt_hash

RECEIPT = {
    "receipt_id": 1,
    "bucket": "restricted",
    "object_key": "post/a",
    "object_sha256": "f" * 64,
    "due_at": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC),
    "deleted_at": dt.datetime(2026, 3, 1, 12, 45, 0, 1, tzinfo=dt.UTC),
    "reason": "due",
    "previous_hash": "0" * 64,
}
CHANGES = {
    "receipt_id": 2,
    "bucket": "derived",
    "object_key": "post/b",
    "object_sha256": "e" * 64,
    "due_at": RECEIPT["due_at"] + dt.timedelta(microseconds=1),
    "deleted_at": RECEIPT["deleted_at"] + dt.timedelta(microseconds=1),
    "reason": "deleted by author",
    "previous_hash": "1" * 64,
}


@pytest.mark.parametrize("field", CHANGES)
def test_any_change_gives_another_hash(field):
    assert receipt_hash(RECEIPT | {field: CHANGES[field]}) != receipt_hash(RECEIPT)


def test_every_field_of_a_receipt_is_covered():
    assert set(CHANGES) == set(RECEIPT)


def test_one_moment_in_two_time_zones_gives_one_hash():
    local = {
        name: RECEIPT[name].astimezone(ZoneInfo("Europe/Rome")) for name in ("due_at", "deleted_at")
    }
    assert receipt_hash(RECEIPT | local) == receipt_hash(RECEIPT)


def test_the_hash_is_that_of_the_written_form():
    """Fixed, since receipts written today must verify for as long as they are kept."""
    expected = "a4182a0f831f642be73bd2baca12837077123a538b088e8c739e13413e19d989"
    assert receipt_hash(RECEIPT) == expected
