"""The store's one way to write: ledger first, same key and due time on a repeat."""

import datetime as dt
import hashlib

import pytest
from minio.error import S3Error

from precrisis import store
from precrisis.warehouse import connect

DAY = dt.timedelta(days=1)
KEY = "footage_segment/2026-03-01/a.mkv"


def put(content: bytes = b"first", retention: dt.timedelta = DAY, key: str = KEY):
    with connect("ingest") as connection:
        return store.put(
            connection, "ingest", "restricted", key, content, noun="test", retention=retention
        )


def ledger(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.object_ledger ORDER BY object_key")


def test_what_is_put_is_in_the_store_and_in_the_ledger(world):
    stored = put()
    assert world.store.read("restricted", KEY) == b"first"
    (row,) = ledger(world)
    assert row["sha256"] == stored.sha256 == hashlib.sha256(b"first").hexdigest()
    assert (row["size_bytes"], row["due_at"] - row["stored_at"]) == (5, DAY)


def test_a_repeat_keeps_the_due_time_that_was_given_first(world):
    first = put()
    again = put(b"second", retention=30 * DAY)
    assert again.due_at == first.due_at
    assert world.store.read("restricted", KEY) == b"second"
    (row,) = ledger(world)
    assert row["sha256"] == hashlib.sha256(b"second").hexdigest()


def test_a_store_that_refuses_leaves_a_ledger_row_that_the_next_try_fills(world):
    with connect("ingest") as connection, pytest.raises(S3Error, match="Access Denied"):
        store.put(connection, "reader", "restricted", KEY, b"first", noun="test", retention=DAY)
    assert [row["object_key"] for row in ledger(world)] == [KEY]
    assert world.store.keys("restricted") == []
    put()
    assert world.store.keys("restricted") == [KEY]
    assert len(ledger(world)) == 1


def test_what_is_not_there_is_said_by_its_key(world):
    with pytest.raises(FileNotFoundError, match="restricted/nothing is not in the store"):
        store.get("analysis", "restricted", "nothing")


def test_an_object_comes_back_as_a_file_of_its_name(world, tmp_path):
    put()
    path = store.fetch("analysis", "restricted", KEY, tmp_path)
    assert (path.name, path.read_bytes()) == ("a.mkv", b"first")


def test_keys_are_listed_in_order_under_their_prefix(world):
    for key in ("post/b", "post/a", "other/c"):
        put(key=key)
    assert list(store.keys("analysis", "restricted", "post/")) == ["post/a", "post/b"]
