"""PostgreSQL: connections by role, and the one way rows are written."""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps
from psycopg_pool import ConnectionPool

from precrisis.settings import settings

set_json_dumps(lambda value: __import__("json").dumps(value, ensure_ascii=False, default=str))
logging.getLogger("psycopg.pool").setLevel(logging.WARNING)  # else a line per connection given
AT_ONCE = 30  # connections of one role and process
IDLE_S = 60
PATIENCE_S = 10
_making_a_pool = Lock()


@contextmanager
def connect(role: str) -> Iterator[psycopg.Connection]:
    """A connection as `role`, committed at the end, on an error rolled back.

    Rows come back as dicts, times as UTC. It is kept for the next who asks: a log-in costs a
    hundred times what a small query does.

    Raises:
        psycopg.OperationalError: the warehouse does not answer (`make status` says more).
    """
    with _making_a_pool:
        pool = _pool(settings().dsn(role), os.getpid())  # a fork can't use its parent's
    with pool.connection() as connection:
        yield connection


@lru_cache(maxsize=32)
def _pool(dsn: str, process_id: int) -> ConnectionPool:
    return ConnectionPool(
        dsn,
        # Nothing is prepared but by upsert: what a query returns must fit its prepared plan, and a
        # mart is made anew with another column.
        kwargs={"row_factory": dict_row, "prepare_threshold": None},
        configure=_know_geometry,
        check=ConnectionPool.check_connection,
        min_size=0,
        max_size=AT_ONCE,
        max_idle=IDLE_S,
        timeout=PATIENCE_S,
        num_workers=2,
        open=True,
    )


def _know_geometry(connection: psycopg.Connection) -> None:
    if geometry := psycopg.types.TypeInfo.fetch(connection, "geometry"):
        from psycopg.types.shapely import register_shapely

        register_shapely(geometry, connection)
    connection.commit()


def upsert(
    connection: psycopg.Connection,
    table: str,
    key: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    keep: Sequence[str] = (),
) -> int:
    """Insert rows, or update those whose content changed; return how many were written.

    Args:
        table: "schema.table".
        key: columns of its unique key.
        rows: all with the same columns.
        keep: columns that an update leaves as they are, such as a due time once given.
    """
    rows = list(rows)
    if not rows:
        return 0
    columns = list(rows[0])
    changing = [c for c in columns if c not in key and c not in keep]
    statement = _statement(table, key, columns, changing)
    values = [[_adapted(row[c]) for c in columns] for row in rows]
    with connection.cursor() as cursor, _preparing(connection):
        cursor.executemany(statement, values)
        return cursor.rowcount


@contextmanager
def _preparing(connection: psycopg.Connection) -> Iterator[None]:
    """Let the server plan a statement once for many rows: it takes half the time."""
    before, connection.prepare_threshold = connection.prepare_threshold, 0
    try:
        yield
    finally:
        connection.prepare_threshold = before


def _statement(table, key, columns, changing) -> sql.Composed:
    schema, name = table.split(".")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.Identifier(schema, name)
    insert = sql.SQL("INSERT INTO {} AS t ({}) VALUES ({}) ON CONFLICT ({}) ").format(
        target,
        names,
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        sql.SQL(", ").join(map(sql.Identifier, key)),
    )
    if not changing:
        return insert + sql.SQL("DO NOTHING")
    pairs = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(c)) for c in changing]
    if schema == "raw":
        pairs.append(sql.SQL("loaded_at = now()"))
    differs = sql.SQL("({}) IS DISTINCT FROM ({})").format(
        sql.SQL(", ").join(sql.Identifier("t", c) for c in changing),
        sql.SQL(", ").join(sql.Identifier("excluded", c) for c in changing),
    )
    return insert + sql.SQL("DO UPDATE SET {} WHERE {}").format(sql.SQL(", ").join(pairs), differs)


def _adapted(value: Any) -> Any:
    return psycopg.types.json.Jsonb(value) if isinstance(value, dict | list) else value
