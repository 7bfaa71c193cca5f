"""The SQL of the weekly report: reads schema marts and nothing else, so bi_reader may run it.

A week is seven local dates from any first day. `districts` None means the whole city; data health
and the forecast scorecard are about the platform and are the same for every reader. Data health
counts the week and the seven days after it, in which the week's data are still taken in; the
scorecard is the newest one.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from precrisis.alerts.reasons import CONTRIBUTIONS

Rows = list[dict[str, Any]]
# Hours that were built before a contribution came to be have none of it.
_PARTS = ", ".join(f"coalesce(contribution_{key}, 0) AS {key}" for key in CONTRIBUTIONS)
_MEAN_PARTS = ", ".join(
    f"coalesce(avg(contribution_{key}) FILTER (WHERE is_this_week), 0) AS {key}"
    for key in CONTRIBUTIONS
)
_MINE = "(%(districts)s::text[] IS NULL OR district = ANY(%(districts)s))"

ZONES = f"""
WITH hours AS (
    SELECT *, local_date >= %(start)s AS is_this_week
    FROM marts.fct_zone_hour
    WHERE local_date >= %(before)s AND local_date < %(stop)s AND {_MINE}
)
SELECT zone_id, min(zone_name) AS zone_name, min(district) AS district,
    count(*) FILTER (WHERE is_this_week) AS hour_count,
    avg(risk_index) FILTER (WHERE is_this_week) AS risk_mean,
    max(risk_index) FILTER (WHERE is_this_week) AS risk_max,
    avg(certainty) FILTER (WHERE is_this_week) AS certainty,
    {_MEAN_PARTS},
    avg(risk_index) FILTER (WHERE NOT is_this_week) AS risk_mean_before
FROM hours
GROUP BY zone_id
HAVING count(*) FILTER (WHERE is_this_week) > 0
ORDER BY risk_mean DESC, zone_id
"""

HOT_HOURS = f"""
SELECT zone_id, zone_name, weekday, hour_of_day, risk_index,
    {_PARTS}
FROM marts.fct_zone_hour
WHERE local_date >= %(start)s AND local_date < %(stop)s AND {_MINE}
    AND risk_index >= %(limit)s AND certainty >= %(min_certainty)s
ORDER BY zone_id, hour_start_at
"""

HOURS = f"""
SELECT weekday, hour_of_day, avg(risk_index) AS risk_mean
FROM marts.fct_zone_hour
WHERE local_date >= %(start)s AND local_date < %(stop)s AND {_MINE}
GROUP BY weekday, hour_of_day
"""

INCIDENTS = f"""
SELECT category,
    coalesce(sum(incident_count) FILTER (WHERE local_date >= %(start)s), 0) AS this_week,
    coalesce(sum(incident_count) FILTER (WHERE local_date < %(start)s), 0) / 4.0 AS mean_before
FROM marts.fct_incident
WHERE local_date >= %(start)s::date - 28 AND local_date < %(stop)s AND {_MINE}
GROUP BY category
ORDER BY this_week DESC, mean_before DESC, category
"""

THEMES = f"""
SELECT theme, sum(post_count) FILTER (WHERE NOT is_suppressed) AS post_count,
    count(DISTINCT zone_id) FILTER (WHERE NOT is_suppressed) AS zone_count
FROM marts.fct_post_theme_hour
WHERE (hour_start_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
    AND (hour_start_at AT TIME ZONE %(time_zone)s)::date < %(stop)s AND {_MINE}
GROUP BY theme
HAVING sum(post_count) FILTER (WHERE NOT is_suppressed) > 0
ORDER BY post_count DESC, theme
"""

ALERTS = f"""
SELECT zone_name, starts_at, ends_at, risk_index, severity, status, decision_reason
FROM marts.fct_alert
WHERE (starts_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
    AND (starts_at AT TIME ZONE %(time_zone)s)::date < %(stop)s AND {_MINE}
ORDER BY risk_index DESC, starts_at, alert_id
"""

CALENDAR = f"""
SELECT event_title, starts_local::date AS local_date, min(starts_local) AS starts_local,
    max(ends_local) AS ends_local,
    array_agg(DISTINCT zone_name ORDER BY zone_name) AS zone_names,
    array_agg(DISTINCT zone_id) AS zone_ids
FROM marts.fct_calendar_event
WHERE starts_local >= %(stop)s AND starts_local < %(stop)s::date + 7 AND {_MINE}
GROUP BY event_title, starts_local::date
ORDER BY local_date, starts_local, event_title
"""

# Whether the calendar reaches into next week at all: an empty week is news, an unknown one is not.
NEXT_WEEK = """
SELECT count(*) AS event_count
FROM marts.fct_calendar_event
WHERE starts_local >= %(stop)s
"""

SITES = f"""
SELECT site_name, kind, live_risk_index, incidents_90d, open_measures, assessed_on
FROM marts.fct_site_vulnerability
WHERE open_measures > 0 AND {_MINE}
ORDER BY open_measures DESC, live_risk_index DESC NULLS LAST, site_id
LIMIT 5
"""

SHEETS = """
SELECT * FROM marts.fct_site_vulnerability
WHERE site_id = ANY(%(sheets)s)
ORDER BY subject DESC, site_name, site_id
"""

THREATS = """
SELECT * FROM marts.fct_site_threat
WHERE subject_id = ANY(%(sheets)s)
ORDER BY score DESC, threat
"""

MEASURES = f"""
SELECT measure_name, kind, zone_name, done_on, verdict, place_pct, place_low_pct, place_high_pct,
    ring_pct, ring_low_pct, ring_high_pct
FROM marts.fct_measure_effect
WHERE done_on < %(stop)s AND {_MINE}
ORDER BY done_on DESC, measure_id
LIMIT 6
"""

# Of the newest week that was judged as it was published.
CHECKS = """
SELECT feedback_ratio, found_odds_ratio, found_odds_p, districts_differ_p
FROM marts.fct_forecast_score
WHERE method = 'published' AND area_share BETWEEN 0.04 AND 0.06
ORDER BY fitted_on DESC
LIMIT 1
"""

HEALTH = """
SELECT noun, sum(ok_count) AS ok_count, sum(unchanged_count) AS unchanged_count,
    sum(quarantined_count) AS quarantined_count, sum(failed_count) AS failed_count,
    max(last_ok_at) AS last_ok_at
FROM marts.fct_data_health
WHERE day >= %(start)s AND day < %(stop)s::date + 7
GROUP BY noun
ORDER BY noun
"""

QUARANTINE = """
SELECT noun, rule, item_count
FROM marts.fct_quarantine
WHERE (last_seen_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
    AND (first_seen_at AT TIME ZONE %(time_zone)s)::date < %(stop)s::date + 7
ORDER BY item_count DESC, noun, rule
LIMIT 6
"""

CAMERAS = f"""
SELECT c.camera_id, c.camera_name, c.is_sample,
    coalesce(sum(d.coverage_pct), 0) / 7 AS coverage_pct,
    count(d.day) AS day_count, coalesce(sum(d.windows), 0) AS window_count,
    coalesce(sum(d.blind_windows), 0) AS blind_count
FROM marts.dim_camera AS c
LEFT JOIN marts.fct_camera_day AS d
    ON d.camera_id = c.camera_id AND d.day >= %(start)s AND d.day < %(stop)s
WHERE {_MINE.replace("OR district", "OR c.district")}
GROUP BY c.camera_id, c.camera_name, c.is_sample
ORDER BY coverage_pct, c.camera_id
"""

# The last four weeks judged together: a single one is mostly luck.
SCORES = """
SELECT method, max(fitted_on) AS fitted_on, min(tested_from) AS tested_from,
    max(tested_until) AS tested_until, sum(incident_count)::int AS incident_count, area_share,
    sum(hit_rate * incident_count) / nullif(sum(incident_count), 0) AS hit_rate,
    sum(hit_rate * incident_count) / nullif(sum(incident_count), 0) / area_share AS pai
FROM marts.fct_forecast_score
WHERE fitted_on > (SELECT max(fitted_on) FROM marts.fct_forecast_score) - 28
GROUP BY method, area_share
ORDER BY area_share, hit_rate DESC NULLS LAST, method
"""

SUPPRESSED = f"""
SELECT
    (SELECT count(*) FROM marts.fct_camera_window
     WHERE is_suppressed AND (window_start_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
         AND (window_start_at AT TIME ZONE %(time_zone)s)::date < %(stop)s AND {_MINE}
    ) AS window_count,
    (SELECT count(*) FROM marts.fct_post_theme_hour
     WHERE is_suppressed AND (hour_start_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
         AND (hour_start_at AT TIME ZONE %(time_zone)s)::date < %(stop)s AND {_MINE}
    ) AS theme_hour_count
"""

VERSIONS = """
SELECT DISTINCT model_version
FROM marts.fct_camera_window
WHERE (window_start_at AT TIME ZONE %(time_zone)s)::date >= %(start)s
    AND (window_start_at AT TIME ZONE %(time_zone)s)::date < %(stop)s
ORDER BY model_version
"""


@dataclass(frozen=True)
class Week:
    """Everything the report says of one week; each field holds the rows of one query."""

    start: dt.date
    zones: Rows
    hot_hours: Rows
    hours: Rows
    incidents: Rows
    themes: Rows
    alerts: Rows
    calendar: Rows
    next_week: Rows
    sites: Rows
    sheets: Rows
    threats: Rows
    measures: Rows
    checks: Rows
    health: Rows
    quarantine: Rows
    cameras: Rows
    scores: Rows
    suppressed: Rows
    versions: Rows


_QUERIES = {
    "zones": ZONES,
    "hot_hours": HOT_HOURS,
    "hours": HOURS,
    "incidents": INCIDENTS,
    "themes": THEMES,
    "alerts": ALERTS,
    "calendar": CALENDAR,
    "next_week": NEXT_WEEK,
    "sites": SITES,
    "sheets": SHEETS,
    "threats": THREATS,
    "measures": MEASURES,
    "checks": CHECKS,
    "health": HEALTH,
    "quarantine": QUARANTINE,
    "cameras": CAMERAS,
    "scores": SCORES,
    "suppressed": SUPPRESSED,
    "versions": VERSIONS,
}


def read_week(
    connection: Connection,
    start: dt.date,
    time_zone: str,
    districts: list[str] | None,
    limit: float,
    min_certainty: float,
    sheets: list[str] | None = None,
) -> Week:
    """Read the week from `start`; limit and min_certainty say which hours are hot.

    `sheets` names the sites and events whose vulnerability sheets are asked for.

    Raises:
        psycopg.errors.UndefinedTable: the marts are not built; run the warehouse build first.
    """
    values = {
        "before": start - dt.timedelta(days=7),
        "start": start,
        "stop": start + dt.timedelta(days=7),
        "time_zone": time_zone,
        "districts": districts,
        "limit": limit,
        "min_certainty": min_certainty,
        "sheets": sheets or [],
    }
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        rows = {name: cursor.execute(sql, values).fetchall() for name, sql in _QUERIES.items()}
    return Week(start=start, **rows)
