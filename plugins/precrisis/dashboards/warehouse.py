"""What the dashboards need to know about the marts: their columns and the hours they cover."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from precrisis.settings import Settings

_COLUMNS = """
    select table_name, column_name, udt_name
    from information_schema.columns
    where table_schema = %s
    order by table_name, ordinal_position
"""
_LATEST = "select max(hour_local) from marts.fct_zone_hour"
_FORECAST = """
    select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e)
    from (
        select st_extent(geom) as e
        from (
            select geom from marts.fct_forecast union all select geom from marts.fct_forecast_window
        ) as named
    ) as around
"""
Box = tuple[float, float, float, float]  # west, south, east, north in degrees
# Superset's names of the types it must tell apart.
_TYPES = {
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "timestamp": "TIMESTAMP WITHOUT TIME ZONE",
    "date": "DATE",
    "bool": "BOOLEAN",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "REAL",
    "float8": "DOUBLE PRECISION",
    "numeric": "NUMERIC",
}
# A shape can't be grouped, filtered or shown; its outline_json can.
_LEFT_OUT = {"geometry", "geography"}


@dataclass(frozen=True)
class Column:
    """A column of a mart, with the type as Superset names it."""

    name: str
    type: str

    @property
    def is_temporal(self) -> bool:
        return self.type.startswith(("TIMESTAMP", "DATE"))


def reader_dsns(settings: Settings) -> dict[str, str]:
    """Return, by schema, the SQLAlchemy URL of the one role that Superset reads it as."""
    reader = urlsplit(settings.bi_dsn)
    password = settings.warehouse_passwords["officer_reader"]
    place = reader.netloc.rsplit("@", 1)[1]
    officer = reader._replace(netloc=f"officer_reader:{password}@{place}")
    return {"marts": settings.bi_dsn, "officer": officer.geturl()}


def mart_columns(dsn: str, schema: str) -> dict[str, list[Column]]:
    """Return the columns of every table and view in a schema of marts, in their order.

    Raises:
        psycopg.OperationalError: the warehouse does not answer.
        LookupError: the schema is empty for this role.
    """
    found: dict[str, list[Column]] = {}
    with psycopg.connect(_libpq(dsn)) as connection:
        for table, name, udt in connection.execute(_COLUMNS, (schema,)):
            if udt not in _LEFT_OUT:
                found.setdefault(table, []).append(Column(name, _TYPES.get(udt, "TEXT")))
    if not found:
        raise LookupError(f"Schema {schema} shows this role no table: run warehouse_build first.")
    return found


def latest_hour(dsn: str) -> dt.datetime | None:
    """Return the last hour with a risk index, local time without offset; None when empty."""
    with psycopg.connect(_libpq(dsn)) as connection:
        row = connection.execute(_LATEST).fetchone()
    return row[0] if row else None


def forecast_boxes(dsn: str) -> list[Box]:
    """Return the box around the forecast in force (EPSG:4326); none when there is no forecast."""
    with psycopg.connect(_libpq(dsn)) as connection:
        row = connection.execute(_FORECAST).fetchone()
    return [row] if row and row[0] is not None else []


def _libpq(dsn: str) -> str:
    """SQLAlchemy writes its driver into the scheme, libpq must not see it."""
    return "postgresql" + dsn[dsn.index("://") :]
