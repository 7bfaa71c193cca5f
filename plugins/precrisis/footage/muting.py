"""A scenario that alarms far more often than its budget is silent until it is learnt anew."""

import datetime as dt

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
LEAST_ALARMS = 5  # fewer are chance, however little was scored yet


def muted_kinds(connection: psycopg.Connection, camera_id: str, at: dt.datetime) -> dict[str, str]:
    """Kinds of event that are not named at a camera at `at` (UTC), each with the reason.

    Only the anomaly has a budget that can be measured without anybody's labels.
    """
    limits = city().thresholds.video_events
    if not {"anomaly_false_alarms_per_day", "anomaly_mute_factor"} <= limits.keys():
        return {}
    found = connection.execute(ALARMS, {"camera_id": camera_id, "at": at}).fetchone()
    budget = limits["anomaly_false_alarms_per_day"].value * found["days"]
    if found["alarms"] <= max(LEAST_ALARMS, limits["anomaly_mute_factor"].value * budget):
        return {}
    return {
        ANOMALY: f"muted after {found['alarms']} alarms where {budget:.1f} were allowed; "
        "it ends when cameras_calibrate learns this camera anew"
    }
