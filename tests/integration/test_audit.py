"""The audit log against a real database: what is written, who may write, what shows tampering."""

import psycopg
import pytest

from precrisis import audit
from precrisis.audit import Action, LogBroken
from precrisis.warehouse import connect

REASON = "asked for by the public prosecutor, act 7/2026"


@pytest.fixture
def log(world):
    """Five entries, and a way to change the table behind the log's back."""
    for number in range(5):
        audit.append("analysis", Action.RUN_DONE, f"batch-{number}", facts={"rows": number})

    def tamper(statement: str) -> None:
        world.rows(f"BEGIN; SET LOCAL session_replication_role = replica; {statement}; COMMIT")

    return tamper


def entries(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.audit_log ORDER BY entry_id")


def test_entries_are_numbered_signed_by_their_role_and_linked(world, log):
    found = entries(world)
    assert [entry["entry_id"] for entry in found] == [1, 2, 3, 4, 5]
    assert {entry["database_role"] for entry in found} == {"analysis"}
    assert [e["previous_hash"] for e in found[1:]] == [e["entry_hash"] for e in found[:-1]]


def test_an_untouched_log_verifies_and_gets_a_witness_outside_the_database(world, log, run):
    assert audit.check(run) == 5
    assert len(world.store.keys("published", "audit_head/")) == 1
    assert audit.check(run) == 6  # the first check is an entry itself


HASH = "repeat('a', 64)"
TAMPERED = {
    "a fact changed": "UPDATE ops.audit_log SET facts = '{\"rows\": 9}' WHERE entry_id = 3",
    "a time changed": "UPDATE ops.audit_log SET logged_at = logged_at - interval '1 hour' "
    "WHERE entry_id = 2",
    "an actor changed, and the entry's hash made anew": "UPDATE ops.audit_log SET actor = 'x' "
    "WHERE entry_id = 3; UPDATE ops.audit_log AS a SET entry_hash = ops.audit_hash(a) "
    "WHERE entry_id = 3",
    "deleted from the middle": "DELETE FROM ops.audit_log WHERE entry_id = 3",
    "deleted from the start": "DELETE FROM ops.audit_log WHERE entry_id = 1",
    "put in": f"INSERT INTO ops.audit_log VALUES (6, now(), 'analysis', 'platform', 'run_done', "
    f"'x', '', '', '{{}}', {HASH}, {HASH})",
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_detected(world, log, run, how):
    log(TAMPERED[how])
    with pytest.raises(LogBroken, match="entry"):
        audit.check(run)


def test_an_end_that_was_cut_off_is_detected_by_its_witness(world, log, run):
    audit.check(run)
    log("DELETE FROM ops.audit_log WHERE entry_id >= 4")
    assert world.rows("SELECT * FROM ops.broken_audit()") == []  # the chain alone can't show it
    with pytest.raises(LogBroken, match="missing"):
        audit.check(run)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ops.audit_log SET reason = 'other'",
        "DELETE FROM ops.audit_log",
        "TRUNCATE ops.audit_log",
    ],
)
def test_not_even_the_owner_changes_the_log_in_passing(world, log, statement):
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        world.rows(statement)
    assert len(entries(world)) == 5


@pytest.mark.parametrize("role", ["ingest", "analysis", "retention", "transformer", "auditor"])
def test_no_role_writes_past_the_function(world, log, role):
    with connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM ops.audit_log")
    with connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("INSERT INTO ops.audit_log SELECT * FROM ops.audit_log")


@pytest.mark.parametrize("role", ["ingest", "analysis", "retention"])
def test_who_writes_the_log_can_not_read_it(world, log, role):
    with connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM ops.audit_log")


@pytest.mark.parametrize("action", ["consultation", "disclosure", "unmasking", "legal_hold"])
@pytest.mark.parametrize("reason", ["", "   ", "because"])
def test_who_looks_at_data_or_lets_it_out_gives_a_reason(world, action, reason):
    with pytest.raises(psycopg.errors.CheckViolation, match="reason_given"):
        audit.append("analysis", Action(action), "footage_segment/x", actor="ada", reason=reason)
    audit.append("analysis", Action(action), "footage_segment/x", actor="ada", reason=REASON)
    assert [entry["actor"] for entry in entries(world)] == ["ada"]


def test_a_review_is_logged_by_the_table_itself(world):
    world.rows(
        "INSERT INTO ops.alert VALUES ('a1', 'r', '1', 'z', now(), now(), 50, 0.5, 'moderate', "
        "'{}', '{}', '{}')"
    )
    world.rows(
        "INSERT INTO ops.alert_review (alert_id, decision, reason, reviewer) "
        "VALUES ('a1', 'dismiss', 'a delivery van, allowed until ten', 'operator')"
    )
    (entry,) = entries(world)
    assert (entry["action"], entry["subject"], entry["actor"]) == ("review", "a1", "operator")
    assert entry["facts"] == {"decision": "dismiss"}


def test_a_change_of_tables_and_rights_is_logged(world):
    world.rows("ALTER TABLE raw.post ADD COLUMN handle text")
    world.rows("ALTER TABLE raw.post DROP COLUMN handle")
    world.rows("GRANT SELECT ON raw.post TO bi_reader")
    world.rows("REVOKE SELECT ON raw.post FROM bi_reader")
    found = [(entry["action"], entry["facts"]["command"]) for entry in entries(world)]
    assert found == [
        ("configuration_change", command)
        for command in ("ALTER TABLE", "ALTER TABLE", "GRANT", "REVOKE")
    ]


def test_many_writers_at_once_leave_one_chain(world, run):
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> int:
        return audit.append("ingest", Action.RUN_DONE, f"batch-{number}")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(40))) == list(range(1, 41))
    assert audit.check(run) == 40
