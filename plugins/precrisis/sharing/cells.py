"""Read the cells of an export: rows of a mart drawn together over time, small ones hidden first.

A row below the agreement's k is hidden before anything is drawn together, so it enters no number
that leaves: whatever it holds, the export is the same, and no total can be subtracted from. Rows of
one camera's picture may overlap; one hidden among them hides them all in that window.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from precrisis.sharing.agreement import Agreement
from precrisis.sharing.period import Period
from precrisis.sharing.permission import contract
from precrisis.sharing.shareable import MARTS, Mart

STARTS_AT = "starts_at"
GEOMETRY = "geom"
# Exact arithmetic: the same rows give the same digits, in whatever order they are read.
AGGREGATES = {
    "mean": "round(avg({}::numeric), 4)::double precision",
    "sum": "sum({})::bigint",
    "highest": "max({})",
    "any": "bool_or({})",
    "listed": "string_agg(DISTINCT {0}, '; ' ORDER BY {0})",
}
QUERY = """
WITH whole AS (
    SELECT m.*, {hidden} AS is_hidden FROM marts.{mart} AS m WHERE {in_period}
), cells AS (
    SELECT {keys}, {starts_at} AS starts_at, {attributes}{measures}bool_or(m.is_hidden) AS is_hidden
    FROM whole AS m WHERE m.zone_id = ANY(%(zones)s) GROUP BY {keys}, {starts_at}
)
SELECT c.*, z.geom FROM cells AS c INNER JOIN marts.dim_zone AS z ON z.zone_id = c.zone_id
ORDER BY c.starts_at, {order}
"""
BUILT_UNTIL = """
SELECT max(hour_start_at) + interval '1 hour' AS at FROM marts.fct_zone_hour
WHERE zone_id = ANY(%(zones)s)
"""


class NotBuilt(RuntimeError):
    """The marts end before the period does; names the remedy."""


@dataclass(frozen=True)
class Cells:
    """The rows of an export, in a fixed order, and how many of them have something hidden.

    A row has `starts_at`, then the agreement's fields, and `geom`, the outline of its zone.
    """

    rows: list[dict[str, Any]]
    suppressed_count: int


def read_cells(
    connection: psycopg.Connection, agreement: Agreement, period: Period, zones: list[str]
) -> Cells:
    """Read, as a role that sees these zones, the cells of a period.

    Raises:
        NotBuilt: the marts do not hold the whole period yet.
    """
    mart = MARTS[agreement.mart]
    values = {
        "zones": zones,
        "start": period.start_at,
        "end": period.end_at,
        "step": agreement.time_step,
        "time_zone": period.time_zone.key,
        **{name: k for name, k in agreement.k.items() if name in mart.small_if},
    }
    if mart.time is not None:
        _whole(connection, period, zones)
    found = connection.execute(_query(agreement, mart), values).fetchall()
    rows = [_published(row, agreement) for row in found]
    counts_people = any(contract(mart.name)[name].k for name in agreement.fields)
    return Cells(rows, sum(row["is_hidden"] for row in found) if counts_people else 0)


def _whole(connection: psycopg.Connection, period: Period, zones: list[str]) -> None:
    built_until = connection.execute(BUILT_UNTIL, {"zones": zones}).fetchone()["at"]
    if built_until is None or built_until < period.end_at:
        raise NotBuilt(
            f"The marts end at {built_until}, before {period.end_at}: a period is given out once "
            "and whole, so run warehouse_build and risk_score first, then clear this task."
        )


def _query(agreement: Agreement, mart: Mart) -> sql.Composed:
    columns = [name for name in mart.measures if name in agreement.fields]
    needed = [*columns, *(c for counts in mart.small_if.values() for c in counts)]
    measures = [_measure(name, mart) for name in dict.fromkeys(needed)]
    attributes = [
        sql.SQL("min(m.{0}::text)::{1} AS {0}").format(sql.Identifier(name), _type(mart, name))
        for name in mart.attributes
    ]
    listed = sql.SQL(", ")
    return sql.SQL(QUERY).format(
        mart=sql.Identifier(mart.name),
        hidden=_hidden(agreement, mart),
        in_period=_in_period(mart),
        keys=listed.join(sql.Identifier("m", key) for key in mart.keys),
        order=listed.join(sql.Identifier("c", key) for key in mart.keys),
        starts_at=_starts_at(mart),
        attributes=sql.SQL("").join(part + listed for part in attributes),
        measures=sql.SQL("").join(part + listed for part in measures),
    )


def _type(mart: Mart, name: str) -> sql.SQL:
    return sql.SQL(contract(mart.name)[name].data_type)


def _measure(name: str, mart: Mart) -> sql.Composed:
    """A column drawn together; one that is counted over people, only where it is not hidden."""
    column = sql.Identifier("m", name)
    if contract(mart.name)[name].k is not None:
        value = sql.SQL("CASE WHEN NOT m.is_hidden THEN {} END").format(column)
    else:
        value = column
    aggregate = AGGREGATES[mart.measures[name]]
    return sql.SQL(aggregate).format(value) + sql.SQL(" AS {}").format(sql.Identifier(name))


def _hidden(agreement: Agreement, mart: Mart) -> sql.Composable:
    """The mark of a row that the mart hides, or that is small by the agreement's own k."""
    small = [
        sql.SQL("coalesce({0} > 0 AND {0} < {1}, false)").format(
            sql.Identifier("m", column), sql.Placeholder(k_name)
        )
        for k_name, columns in mart.small_if.items()
        if k_name in agreement.k
        for column in columns
    ]
    mark = sql.SQL(" OR ").join([sql.SQL(f"({mart.hidden_if})"), *small])
    if not mart.beside:
        return sql.SQL("({})").format(mark)
    beside = sql.SQL(", ").join(sql.Identifier("m", column) for column in mart.beside)
    return sql.SQL("bool_or({}) OVER (PARTITION BY {})").format(mark, beside)


def _in_period(mart: Mart) -> sql.Composable:
    if mart.time is None:
        return sql.SQL("true")
    column = sql.Identifier("m", mart.time)
    return sql.SQL("{0} >= %(start)s AND {0} < %(end)s").format(column)


def _starts_at(mart: Mart) -> sql.Composable:
    """Start of the cell (UTC): of the hour, or of the local day or week; of the period without."""
    if mart.time is None:
        return sql.SQL("%(start)s::timestamptz")
    column = sql.Identifier("m", mart.time)
    return sql.SQL("date_trunc(%(step)s, {}, %(time_zone)s)").format(column)


def _published(row: dict[str, Any], agreement: Agreement) -> dict[str, Any]:
    """The agreement's fields alone; a number that came out small (zeros drawn in) is hidden too."""
    mart, known = MARTS[agreement.mart], contract(agreement.mart)
    small = [
        0 < (row[column] or 0) < agreement.k[name]
        for name, columns in mart.small_if.items()
        if name in agreement.k
        for column in columns
    ]
    if any(small):
        row["is_hidden"] = True
        row.update({name: None for name in agreement.fields if known[name].k is not None})
    if "is_suppressed" in agreement.fields:
        row["is_suppressed"] = row["is_hidden"]
    return {name: row[name] for name in (STARTS_AT, *agreement.fields, GEOMETRY)}
