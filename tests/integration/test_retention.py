"""retention_enforce: due goes with a receipt, the rest stays, and every disagreement is found."""

import datetime as dt

import pytest

from precrisis import store
from precrisis.outcome import StepFailed
from precrisis.retention import objects
from precrisis.retention.objects import LedgerMismatch, delete_due, reconcile
from precrisis.retention.receipts import broken_receipts
from precrisis.run import Run
from precrisis.warehouse import connect

HOUR = dt.timedelta(hours=1)


def put(key: str, hours: int, noun: str = "post") -> None:
    with connect("ingest") as connection:
        store.put(
            connection, "ingest", "restricted", key, key.encode(), noun=noun, retention=hours * HOUR
        )


def at(run: Run, hours: float) -> Run:
    """The run of some hours later."""
    end = run.interval_end + hours * HOUR
    return Run("retention_enforce", f"{run.run_id}+{hours}", end - HOUR, end)


def receipts(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.deletion_receipt ORDER BY receipt_id")


def broken() -> list[int]:
    with connect("retention") as connection:
        return broken_receipts(connection)


@pytest.fixture
def three_deleted(world, run):
    """Three objects deleted when due, one that stays."""
    for name in ("a", "b", "c"):
        put(f"post/{name}", hours=1)
    put("post/stays", hours=48)
    assert delete_due(at(run, 2)) == 3
    return world


def test_what_is_due_goes_with_a_receipt_and_the_rest_stays(three_deleted, run):
    world = three_deleted
    assert world.store.keys("restricted") == ["post/stays"]
    written = receipts(world)
    assert [r["object_key"] for r in written] == ["post/a", "post/b", "post/c"]
    assert [r["previous_hash"] for r in written[1:]] == [r["receipt_hash"] for r in written[:2]]
    assert written[0]["previous_hash"] == "0" * 64
    rows = world.rows("SELECT object_key FROM ops.object_ledger WHERE deleted_at IS NULL")
    assert [row["object_key"] for row in rows] == ["post/stays"]
    assert broken() == []
    assert reconcile(at(run, 2)) == 1


def test_a_second_run_deletes_nothing_and_a_later_one_goes_on_with_the_chain(three_deleted, run):
    assert delete_due(at(run, 2.5)) == 0
    assert delete_due(at(run, 49)) == 1
    assert [r["object_key"] for r in receipts(three_deleted)][-1] == "post/stays"
    assert broken() == []
    assert reconcile(at(run, 49)) == 0


def test_an_object_is_not_deleted_a_moment_before_it_is_due(world, run):
    put("post/a", hours=1)
    (row,) = world.rows("SELECT due_at FROM ops.object_ledger")
    before = Run("retention_enforce", "before", run.interval_start, row["due_at"] - HOUR / 3600)
    assert delete_due(before) == 0
    assert delete_due(Run("retention_enforce", "then", run.interval_start, row["due_at"])) == 1


def test_the_row_that_describes_an_object_goes_and_what_was_derived_from_it_stays(world, run):
    put("post/a", hours=1)
    for table, extra in (("raw.post", "text_length, object_key, sha256, collected_at, due_at"),):
        world.rows(
            f"INSERT INTO {table} (source, post_id_hash, posted_at, author_key, {extra}) "
            "VALUES ('s', 'h', now(), 'k', 1, 'post/a', 'x', now(), now())"
        )
    world.rows(
        "INSERT INTO raw.post_signal (source, post_id_hash, model_version, posted_at, author_key, "
        "language, themes, is_uncertain, place_links, due_at) "
        "VALUES ('s', 'h', 'm', now(), 'k', 'en', '{}', false, '[]', now() + interval '7 days')"
    )
    delete_due(at(run, 2))
    assert world.rows("SELECT 1 FROM raw.post") == []
    assert len(world.rows("SELECT 1 FROM raw.post_signal")) == 1


ALTERATIONS = {
    "another object": "UPDATE ops.deletion_receipt SET object_key = 'post/x' WHERE receipt_id = 2",
    "another time": "UPDATE ops.deletion_receipt SET deleted_at = deleted_at - interval '1 s' "
    "WHERE receipt_id = 2",
    "another digest": "UPDATE ops.deletion_receipt SET object_sha256 = 'f' WHERE receipt_id = 2",
    "taken out": "DELETE FROM ops.deletion_receipt WHERE receipt_id = 2",
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_receipt_is_found(three_deleted, run, name):
    three_deleted.rows(ALTERATIONS[name])
    assert broken() == [3 if name == "taken out" else 2]
    with pytest.raises(LedgerMismatch, match=r"broken receipts \[[23]\]"):
        reconcile(at(run, 2))


def test_a_receipt_cut_off_the_end_of_the_chain_is_found_by_its_ledger_row(three_deleted, run):
    three_deleted.rows("DELETE FROM ops.deletion_receipt WHERE receipt_id = 3")
    assert broken() == []
    with pytest.raises(LedgerMismatch, match=r"deletions without receipt \['post/c'\]"):
        reconcile(at(run, 2))


def test_an_object_without_a_ledger_row_is_found(world, run):
    world.store.write("restricted", "post/unknown", b"nobody knows when this is due")
    with pytest.raises(LedgerMismatch, match=r"1 objects without ledger row.*post/unknown"):
        reconcile(at(run, 1))


def test_an_object_that_came_back_after_its_deletion_is_found(three_deleted, run):
    three_deleted.store.write("restricted", "post/a", b"again")
    with pytest.raises(LedgerMismatch, match=r"1 objects without ledger row.*post/a"):
        reconcile(at(run, 2))


def test_a_row_without_its_object_is_found_once_writing_must_be_over(world, run):
    put("post/a", hours=48)
    world.store.remove("restricted", "post/a")
    assert reconcile(at(run, 0)) == 0  # it may be on its way: the ledger row comes first
    with pytest.raises(LedgerMismatch, match=r"1 rows without object.*post/a"):
        reconcile(at(run, 1))


def test_an_object_that_lands_while_both_are_compared_is_no_incident(world, run, monkeypatch):
    put("post/a", hours=48)
    list_keys, landed = objects._keys, []

    def and_one_lands(bucket):
        if not landed:
            landed.append(put("post/landing", hours=48))
        return list_keys(bucket)

    monkeypatch.setattr(objects, "_keys", and_one_lands)
    assert reconcile(at(run, 1)) == 2


def test_a_failed_deletion_is_retried_with_one_receipt(world, run):
    put("post/a", hours=1)
    world.set_variable("PRECRISIS_S3_ENDPOINT", "127.0.0.1:9")
    world.edit_pack("city.yaml", "country: PT", "country: PT")  # read settings anew
    with pytest.raises(StepFailed):
        delete_due(at(run, 2))
    assert receipts(world) == []
    world.set_variable("PRECRISIS_S3_ENDPOINT", f"127.0.0.1:{world.store.stack.port('s3')}")
    world.edit_pack("city.yaml", "country: PT", "country: PT")
    assert delete_due(at(run, 3)) == 1
    assert len(receipts(world)) == 1
    assert reconcile(at(run, 3)) == 0
