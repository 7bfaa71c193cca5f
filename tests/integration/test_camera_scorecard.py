"""What each camera's day looks like in the mart: hours blind, delay, age of what it learnt."""

import datetime as dt

import pytest

from tests import marts
from tests.marts import HOUR, KEPT, segment, window

CAMERA = "duomo-nord"
DAY = "SELECT * FROM marts.fct_camera_day WHERE camera_id = %s"


def calibrated(town, at: dt.datetime) -> None:
    town.rows(
        "INSERT INTO raw.camera_calibration (camera_id, calibrated_at, model_version, "
        "settings_digest, learnt_from, frame_count, frame_rate_hz, width_px, height_px, "
        "alarm_score, false_alarms_per_day, object_key, sha256, expires_at) "
        "VALUES (%s, %s, 'anomaly-1', 'd', '[]', 99, 2, 1, 1, 3, 1, %s, 's', %s)",
        CAMERA, at, f"camera_calibration/{at}", at + dt.timedelta(days=35),
    )  # fmt: skip


def test_a_camera_day_tells_what_was_seen_how_late_and_since_when_normal_is_known(town):
    scores = (0.2, 1.0, 3.5, None)
    for n, score in enumerate(scores):
        window(town, "town-square", 20, n, anomaly_score=score)
        segment(town, n, HOUR + KEPT)
    for n in (4, 5, 6):
        window(town, "town-square", 0, n, is_blind=True)
    town.rows("UPDATE ops.outcome SET ended_at = now() + interval '8 seconds'")
    town.rows("UPDATE raw.footage_segment SET loaded_at = now()")
    calibrated(town, HOUR - dt.timedelta(days=9))
    calibrated(town, HOUR - dt.timedelta(days=3))
    calibrated(town, HOUR + dt.timedelta(days=2))
    marts.build()
    (day,) = town.rows(DAY, CAMERA)
    assert (day["scored_windows"], day["unusual_windows"]) == (3, 2)
    assert day["blind_hours"] == pytest.approx(30 / 3600)
    assert day["analysis_delay_s"] == pytest.approx(8, abs=2)
    assert day["calibration_age_days"] == 3
    assert day["calibrated_on"] == day["day"] - dt.timedelta(days=3)


def test_a_camera_that_never_learnt_says_so(town):
    window(town, "town-square", 20)
    segment(town, 0, HOUR + KEPT)
    marts.build()
    (day,) = town.rows(DAY, CAMERA)
    assert (day["calibrated_on"], day["calibration_age_days"]) == (None, None)
    assert (day["scored_windows"], day["unusual_windows"], day["blind_hours"]) == (0, 0, 0)
