"""risk_score: what bends the baseline, learnt from the city's own incidents, with its evidence.

What an hour is like is defined in dbt (int_hours_described), where the index reads it too; here
each incident meets the hours it may as well have taken. What was recorded lately is as
int_repeats_daily has it: PostgreSQL would work that view out for every zone and day.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from precrisis.city import city
from precrisis.warehouse import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import psycopg

    from models.risk.covariates import Covariate

CIRCUMSTANCES = ("rain", "darkness", "lit_darkness", "holiday", "event")
REPEATS = ("repeat_soon", "repeat_week", "repeat_around")
EXPOSURES = ("departures", "people")
# Drawn evenly over the weeks by a hash of the key: more tell no more, and cost.
MOST_CASES, MOST_OF_EXPOSURE = 20_000, 5_000
WEEKS_COMPARED, DAYS_OF_WEEK = 4, 7
CASES = """
WITH cases AS (
    SELECT row_number() OVER () AS n, drawn.*,
        floor((local_at::date - date '1970-01-05') / 7.0)::int AS week
    FROM (
        SELECT i.zone_id, i.incident_share AS share, c.time_zone,
            i.hour_start_at AT TIME ZONE c.time_zone AS local_at
        FROM intermediate.int_incident_hours AS i
        CROSS JOIN raw.city AS c
        WHERE i.occurred_mid_at >= %(since)s AND i.occurred_mid_at < %(until)s
            AND i.incident_share > 1 / 168.0 -- of a longer time than a week no hour is known
        ORDER BY hashtext(i.source || i.source_id), i.source_id, i.hour_start_at
        LIMIT %(most)s
    ) AS drawn
), hours AS (
    SELECT c.*, k.k, k.k = c.week %% %(compared)s AS is_taken,
        c.local_at + (k.k - c.week %% %(compared)s) * interval '7 days' AS at
    FROM cases AS c
    CROSS JOIN generate_series(0, %(compared)s - 1) AS k (k)
), days AS MATERIALIZED (
    SELECT DISTINCT zone_id, at::date AS local_date FROM hours
), repeats AS MATERIALIZED (
    SELECT d.zone_id, d.local_date,
        ln(1 + coalesce(own.soon_count, 0)) AS repeat_soon,
        ln(1 + coalesce(own.week_count, 0)) AS repeat_week,
        ln(1 + coalesce(around.incident_count, 0)) AS repeat_around
    FROM days AS d
    LEFT JOIN LATERAL (
        SELECT sum(f.incident_count) FILTER (WHERE d.local_date - f.local_date <= 2) AS soon_count,
            sum(f.incident_count) FILTER (WHERE d.local_date - f.local_date > 2) AS week_count
        FROM marts.fct_incident AS f
        WHERE f.zone_id = d.zone_id
            AND f.local_date BETWEEN d.local_date - %(last)s AND d.local_date - 1
    ) AS own ON true
    LEFT JOIN LATERAL (
        SELECT sum(f.incident_count) AS incident_count
        FROM intermediate.int_zones_around AS a
        JOIN marts.fct_incident AS f ON f.zone_id = a.other_zone_id
        WHERE a.zone_id = d.zone_id
            AND f.local_date BETWEEN d.local_date - %(last)s AND d.local_date - 1
    ) AS around ON true
    WHERE d.local_date BETWEEN (SELECT min(i.local_date) + 7 FROM marts.fct_incident AS i)
        AND (SELECT max(i.local_date) + 1 FROM marts.fct_incident AS i)
)
SELECT h.zone_id, h.week, h.share, h.is_taken, d.hour_of_week,
    h.is_taken OR (d.hour_start_at >= %(since)s AND d.hour_start_at < %(until)s) AS is_open,
    d.rain, d.darkness, d.darkness * ln(1 + l.lamps_per_ha) AS lit_darkness, d.holiday,
    (e.zone_id IS NOT NULL)::int AS event,
    r.repeat_soon, r.repeat_week, r.repeat_around
FROM hours AS h
LEFT JOIN intermediate.int_hours_described AS d
    ON d.hour_start_at = h.at AT TIME ZONE h.time_zone
LEFT JOIN intermediate.int_calendar_hourly AS e
    ON e.zone_id = h.zone_id AND e.hour_start_at = d.hour_start_at
LEFT JOIN intermediate.int_lamps_zoned AS l ON l.zone_id = h.zone_id
LEFT JOIN repeats AS r
    ON r.zone_id = h.zone_id AND r.local_date = h.at::date
ORDER BY h.n, h.k
"""
DEPARTURES = """
SELECT zone_id, hour_of_week, departures_mean AS present FROM intermediate.int_departures_hourly
"""
# Published counts: what is hidden for being small is not known here either.
PEOPLE = """
SELECT p.zone_id, avg(p.people_mean) AS present,
    ((extract(isodow FROM p.hour_start_at AT TIME ZONE c.time_zone) - 1) * 24
        + extract(hour FROM p.hour_start_at AT TIME ZONE c.time_zone))::int AS hour_of_week
FROM intermediate.int_cameras_hourly AS p
CROSS JOIN raw.city AS c
WHERE p.hour_start_at >= %(until)s - interval '56 days' AND p.hour_start_at < %(until)s
    AND p.people_mean IS NOT NULL
GROUP BY 1, 3
"""


def cases_before(connection: psycopg.Connection, until: dt.datetime) -> list[dict]:
    """Incidents before a moment, each in the same hour of the four weeks around it, by rows."""
    numbers = city().thresholds.place_forecast
    weeks, reach = numbers.forecast_history_weeks.value, numbers.near_repeat_days.value
    facts = {"since": until - dt.timedelta(weeks=int(weeks)), "until": until}
    facts |= {"most": MOST_CASES, "compared": WEEKS_COMPARED}
    facts |= {"last": min(DAYS_OF_WEEK, int(reach)) - 1}
    return connection.execute(CASES, facts).fetchall()


def moments(cases: list[dict]) -> list[Covariate]:
    """What of the hour itself, and of the days before it, tells when incidents happen."""
    import numpy as np

    from models.risk.covariates import Choices, select

    names, shape = (*CIRCUMSTANCES, *REPEATS), (-1, WEEKS_COMPARED)
    values = np.array([[row[name] for name in names] for row in cases], float)
    is_open, is_taken, weight, week = (
        np.array([row[name] for row in cases], kind).reshape(shape)
        for name, kind in (("is_open", bool), ("is_taken", bool), ("share", float), ("week", int))
    )
    choices = Choices(
        values.reshape(*shape, len(names)), np.where(is_open, 0.0, -np.inf),
        is_taken.argmax(axis=1), weight[:, 0], week[:, 0],
    )  # fmt: skip
    return select(choices, names, frozenset(REPEATS))


def exposures(
    connection: psycopg.Connection, cases: list[dict], counts: np.ndarray, zones: list[str], until
) -> tuple[list[Covariate], np.ndarray]:
    """What of who is there tells at which hour of a zone's week; and the bend, (zones, 168)."""
    import numpy as np

    from models.risk.baseline import city_profile
    from models.risk.covariates import Choices, select, tilted

    present = np.stack([
        _present(connection.execute(DEPARTURES), zones, otherwise=0.0),
        _present(connection.execute(PEOPLE, {"until": until}), zones, otherwise=np.nan),
    ], axis=-1)  # fmt: skip
    place = {zone: position for position, zone in enumerate(zones)}
    taken = [row for row in cases if row["is_taken"] and row["zone_id"] in place]
    taken = taken[:MOST_OF_EXPOSURE]
    zone = np.array([place[row["zone_id"]] for row in taken], int)
    hour, week = (np.array([row[n] for row in taken], int) for n in ("hour_of_week", "week"))
    weight = np.array([row["share"] for row in taken], float)
    offset = np.tile(np.log(city_profile(counts)), (len(zone), 1))
    found = select(Choices(present[zone], offset, hour, weight, week), EXPOSURES)
    return found, tilted(present, found)


def _present(rows, zones: list[str], otherwise: float) -> np.ndarray:
    """ln(1 + people or departures) by zone and hour of the week (zones, 168), less a zone's mean.

    A zone of which nothing is known stays unknown; an hour of a known one is `otherwise`.
    """
    import numpy as np

    from models.risk.baseline import HOURS

    place = {zone: position for position, zone in enumerate(zones)}
    found = [row for row in rows if row["zone_id"] in place]
    present = np.full((len(zones), HOURS), np.nan)
    present[[place[row["zone_id"]] for row in found]] = otherwise
    for row in found:
        present[place[row["zone_id"]], row["hour_of_week"]] = np.log1p(row["present"])
    return present - present.mean(axis=1, keepdims=True)


def write(connection: psycopg.Connection, day: dt.date, found: Sequence[Covariate]) -> None:
    """Keep what was found, in place of an earlier fit of that day."""
    from models.risk.covariates import MODEL_VERSION

    connection.execute("DELETE FROM raw.risk_covariate WHERE fitted_on = %s", (day,))
    rows = [
        {
            "fitted_on": day,
            "covariate": covariate.name,
            "incident_count": round(covariate.incidents),
            "coefficient": covariate.coefficient,
            "coefficient_low": covariate.low,
            "coefficient_high": covariate.high,
            "gain_low": _told(covariate.gain_low),
            "gain_high": _told(covariate.gain_high),
            "is_used": covariate.is_used,
            "model_version": MODEL_VERSION,
        }
        for covariate in found
    ]
    upsert(connection, "raw.risk_covariate", ("fitted_on", "covariate"), rows)


def _told(gain: float) -> float | None:
    """Without two weeks there is no interval."""
    return gain if math.isfinite(gain) else None
