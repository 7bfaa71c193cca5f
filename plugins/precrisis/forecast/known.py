"""What is known of a time: its incidents in the city's metric plane, and the forecast from them.

The plane is centred on the city pack's `centre`, not on the data, so that a cell keeps its name
from week to week. Dates and times without a zone are the city's.
"""

import datetime as dt

import numpy as np
import psycopg
import pyproj

from models.risk.forecast import Forecast, Incidents, NotEnoughIncidents, fit
from models.risk.grid import Grid, plane_of, projected
from precrisis.city import city
from precrisis.pack.thresholds import PlaceForecast

# Fixed widths, so that ten million rows are one array and no Python objects.
BETWEEN = """
COPY (
    SELECT st_x(geom), st_y(geom),
        extract(epoch FROM occurred_from AT TIME ZONE %(zone)s)::bigint,
        extract(epoch FROM occurred_to AT TIME ZONE %(zone)s)::bigint,
        found_by = 'patrol'
    FROM raw.incident
    WHERE (occurred_from + (occurred_to - occurred_from) / 2) AT TIME ZONE %(zone)s >= %(since)s
        AND (occurred_from + (occurred_to - occurred_from) / 2) AT TIME ZONE %(zone)s < %(until)s
    ORDER BY occurred_from, source, source_id
) TO STDOUT (FORMAT binary)
"""
# PostgreSQL's binary format: a header, then per row the number of fields and each one's length.
HEADER_BYTES, TRAILER_BYTES = 19, 2
ROW = np.dtype([
    ("fields", ">i2"), ("n1", ">i4"), ("longitude", ">f8"), ("n2", ">i4"), ("latitude", ">f8"),
    ("n3", ">i4"), ("from_s", ">i8"), ("n4", ">i4"), ("to_s", ">i8"), ("n5", ">i4"),
    ("is_patrol", "?"),
])  # fmt: skip


def plane() -> pyproj.Transformer:
    """Return the projection from EPSG:4326 to metres around the city's centre."""
    longitude, latitude = city().centre
    return plane_of(np.array([longitude]), np.array([latitude]))


def numbers() -> PlaceForecast:
    return city().thresholds.place_forecast


def incidents_between(connection: psycopg.Connection, since: dt.date, until: dt.date) -> Incidents:
    """Return the incidents whose middle lies in [since, until) of local days; metres, local."""
    facts = {"zone": city().time_zone, "since": since, "until": until}
    with connection.cursor() as cursor, cursor.copy(BETWEEN, facts) as copy:
        content = b"".join(copy)
    found = np.frombuffer(content[HEADER_BYTES : len(content) - TRAILER_BYTES], ROW)
    place = (found[name].astype(float) for name in ("longitude", "latitude"))
    start, end = (found[n].astype("i8").astype("datetime64[s]") for n in ("from_s", "to_s"))
    found_by = np.where(found["is_patrol"], "patrol", "reported")
    return Incidents(projected(*place, plane()), start, end, found_by)


def incidents_before(connection: psycopg.Connection, day: dt.date) -> Incidents:
    """Return what may be learnt from: the city's weeks of history before a local day.

    Raises:
        NotEnoughIncidents: fewer than the city wants for a forecast.
    """
    weeks, least = numbers().forecast_history_weeks, numbers().forecast_min_incidents
    since = day - dt.timedelta(weeks=int(weeks.value))
    known = incidents_between(connection, since, day)
    if len(known.xy) < least.value:
        raise NotEnoughIncidents(
            f"{len(known.xy)} incidents before {day}, {least.value:.0f} are wanted"
        )
    return known


def forecast_from(known: Incidents, day: dt.date) -> Forecast:
    """Fit the week from `day` on what is known before it.

    Raises:
        NotEnoughIncidents: fewer than two weeks hold incidents.
        BadGrid: the incidents lie too far apart for cells of this size.
    """
    grid = Grid.covering(known.xy, numbers().forecast_cell_m.value)
    return fit(
        known, grid, np.datetime64(day),
        near_m=numbers().near_repeat_m.value, soon_days=int(numbers().near_repeat_days.value),
    )  # fmt: skip
