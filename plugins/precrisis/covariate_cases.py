"""Incidents as the search for covariates wants them: each with the hours it may as well have taken.

What an hour is like is defined in dbt (int_hours_described), where the index reads it too. What was
recorded lately is as int_repeats_daily has it: PostgreSQL would work that view out for every zone
and day.
"""

import datetime as dt

import psycopg

from precrisis.city import city

# Drawn evenly over the weeks by a hash of the key: more tell no more, and cost.
MOST_CASES = 20_000
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


def cases_before(connection: psycopg.Connection, until: dt.datetime) -> list[dict]:
    """Incidents before a moment, each in the same hour of the four weeks around it, by rows."""
    numbers = city().thresholds.place_forecast
    weeks, reach = numbers.forecast_history_weeks.value, numbers.near_repeat_days.value
    facts = {"since": until - dt.timedelta(weeks=int(weeks)), "until": until}
    facts |= {"most": MOST_CASES, "compared": WEEKS_COMPARED}
    facts |= {"last": min(DAYS_OF_WEEK, int(reach)) - 1}
    return connection.execute(CASES, facts).fetchall()
