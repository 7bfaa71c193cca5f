"""PostgreSQL: connections by role, and the one way rows are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps

from precrisis.settings import settings

set_json_dumps(lambda value: __import__("json").dumps(value, ensure_ascii=False, default=str))


def connect(role: str) -> psycopg.Connection:
    """Open a connection as `role`; rows come back as dicts, times as UTC.

    Raises:
        psycopg.OperationalError: the warehouse does not answer (`make status` says more).
    """
    connection = psycopg.connect(settings().dsn(role), row_factory=dict_row)
    if psycopg.types.TypeInfo.fetch(connection, "geometry"):
        from psycopg.types.shapely import register_shapely

        register_shapely(psycopg.types.TypeInfo.fetch(connection, "geometry"), connection)
    connection.commit()
    return connection


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
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[_adapted(row[c]) for c in columns] for row in rows])
        return cursor.rowcount


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
