"""A kind of event that cries wolf at a camera is silent there for a while, and says so.

The anomaly has a budget that can be measured without anybody: how often it alarms at all. Of every
other kind only reviewers know what was a false alarm.
"""

import datetime as dt
from typing import Any

import psycopg

from models.video.kinds import ANOMALY
from precrisis.city import city

# Windows scored since the calibration in force, of a week at most. A window has one score for all
# regions of its camera.
ALARMS = """
WITH learnt AS (
    SELECT max(calibrated_at) AS at FROM raw.camera_calibration
    WHERE camera_id = %(camera_id)s AND calibrated_at <= %(at)s
), scored AS (
    SELECT window_start, window_end, max(anomaly_score) AS score
    FROM raw.camera_observation CROSS JOIN learnt
    WHERE camera_id = %(camera_id)s AND anomaly_score IS NOT NULL
    AND window_start >= greatest(learnt.at, %(at)s - interval '7 days') AND window_start <= %(at)s
    GROUP BY window_start, window_end
)
SELECT count(*) FILTER (WHERE score >= 1)::int AS alarms,
    coalesce(extract(epoch FROM sum(window_end - window_start)) / 86400, 0)::float AS days
FROM scored
"""
# When a person dismissed what at this camera, in the last week; the last word on an alert counts.
DISMISSED = """
WITH last_words AS (
    SELECT DISTINCT ON (alert_id) alert_id, decision, decided_at FROM ops.alert_review
    WHERE decided_at <= %(at)s ORDER BY alert_id, decided_at DESC
), said AS (
    SELECT DISTINCT c.candidate ->> 'kind' AS kind, a.alert_id, w.decision, w.decided_at
    FROM last_words AS w
    INNER JOIN ops.alert AS a ON a.alert_id = w.alert_id
    CROSS JOIN LATERAL jsonb_array_elements(a.inputs -> 'candidates') AS c (candidate)
    WHERE w.decided_at > %(at)s - interval '7 days'
    AND c.candidate -> 'inputs' ->> 'camera_id' = %(camera_id)s
)
SELECT kind, count(*) FILTER (WHERE decision = 'accept')::int AS accepted,
    coalesce(array_agg(decided_at ORDER BY decided_at) FILTER (WHERE decision = 'dismiss'), '{}')
    AS dismissed_at
FROM said GROUP BY kind
"""
LEAST_ALARMS = 5  # fewer are chance, however little was scored yet
WEEK = dt.timedelta(days=7)


def muted_kinds(connection: psycopg.Connection, camera_id: str, at: dt.datetime) -> dict[str, str]:
    """Kinds of event that are not named at a camera at `at` (UTC), each with the reason."""
    facts = {"camera_id": camera_id, "at": at}
    return _by_reviews(connection, facts) | _by_alarms(connection, facts)


def _by_alarms(connection: psycopg.Connection, facts: dict[str, Any]) -> dict[str, str]:
    """The anomaly, where it alarms far over its budget since it was learnt."""
    limits = city().thresholds.video_events
    if not {"anomaly_false_alarms_per_day", "anomaly_mute_factor"} <= limits.keys():
        return {}
    found = connection.execute(ALARMS, facts).fetchone()
    budget = limits["anomaly_false_alarms_per_day"].value * found["days"]
    if found["alarms"] <= max(LEAST_ALARMS, limits["anomaly_mute_factor"].value * budget):
        return {}
    return {
        ANOMALY: f"muted after {found['alarms']} alarms where {budget:.1f} were allowed; "
        "it ends when cameras_calibrate learns this camera anew"
    }


def _by_reviews(connection: psycopg.Connection, facts: dict[str, Any]) -> dict[str, str]:
    """Kinds of which people dismissed more than the budget of a week, and more than they confirmed.

    It ends as the dismissals grow older than a week: then the kind is tried again.
    """
    limits = city().thresholds.video_events
    if "dismissed_per_week" not in limits:
        return {}
    budget, muted = int(limits["dismissed_per_week"].value), {}
    for row in connection.execute(DISMISSED, facts):
        over = len(row["dismissed_at"]) - budget
        if over > 0 and len(row["dismissed_at"]) > row["accepted"]:
            until = (row["dismissed_at"][over - 1] + WEEK).astimezone(city().timezone)
            muted[row["kind"]] = (
                f"muted after {len(row['dismissed_at'])} dismissed alerts in a week where {budget} "
                f"are allowed; it ends on {until:%Y-%m-%d at %H:%M}"
            )
    return muted
