"""Connections to the warehouse are kept, and each use of one is whole."""

import os
from contextlib import suppress

import psycopg
import pytest

from precrisis.warehouse import AT_ONCE, connect

BACKEND = "SELECT pg_backend_pid() AS pid"


def backend(role: str) -> int:
    with connect(role) as connection:
        return connection.execute(BACKEND).fetchone()["pid"]


def test_connections_are_kept_for_the_next_of_their_role(world):
    of_analysis = {backend("analysis") for _ in range(3 * AT_ONCE)}  # they take turns
    assert len(of_analysis) <= AT_ONCE
    assert not of_analysis & {backend("ingest") for _ in range(3 * AT_ONCE)}


def test_one_within_another_is_another(world):
    with connect("analysis") as outer:
        pid = outer.execute(BACKEND).fetchone()["pid"]
        assert backend("analysis") != pid


def test_what_failed_leaves_nothing_behind_for_the_next(world):
    stop = (
        "INSERT INTO ops.alert_stop (what, name, starts_at, ends_at, set_by, reason, set_at) "
        "VALUES ('camera', 'c', now(), now(), 'p', 'because of a test', now())"
    )
    with suppress(psycopg.errors.UndefinedTable), connect("analysis") as connection:
        connection.execute(stop)
        connection.execute("SELECT * FROM raw.no_such_table")
        pytest.fail("a table that nobody made was read")
    with connect("analysis") as connection:
        assert connection.execute("SELECT * FROM ops.alert_stop").fetchall() == []
        connection.execute(stop)
    assert len(world.rows("SELECT * FROM ops.alert_stop")) == 1


def test_one_that_the_server_ended_is_replaced(world):
    before = backend("analysis")
    world.rows("SELECT pg_terminate_backend(%s)", before)
    assert backend("analysis") != before


def test_a_forked_process_does_not_speak_through_its_parent_s(world):
    parents = {backend("analysis") for _ in range(3 * AT_ONCE)}
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, str(backend("analysis")).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) not in parents
    assert backend("analysis") in parents


def test_a_table_made_anew_with_another_column_is_read_by_a_connection_that_knew_it(world):
    """A query asked often is prepared by the driver, and its plan would not fit any more."""
    for columns in ("1 AS a", "1 AS a, 2 AS b"):
        world.rows(f"CREATE OR REPLACE VIEW ops.made_anew AS SELECT {columns}")
        world.rows("GRANT SELECT ON ops.made_anew TO analysis")
        for _ in range(7):
            with connect("analysis") as connection:
                (row,) = connection.execute("SELECT * FROM ops.made_anew").fetchall()
    world.rows("DROP VIEW ops.made_anew")
    assert row == {"a": 1, "b": 2}
