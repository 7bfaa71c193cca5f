"""What each camera's day looks like in the mart: hours blind, delay, age of what it learnt."""

import datetime as dt

import pytest

from precrisis.footage.naming import name_and_draw
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


@pytest.fixture
def alarming(town) -> list[dict]:
    """A camera in incident mode that was unusual six times in six minutes, and is again now."""
    calibrated(town, HOUR - dt.timedelta(days=1))
    for n in range(0, 36, 6):
        window(town, "town-square", 20, n, anomaly_score=2)
    town.rows(
        "INSERT INTO ops.incident_mode (camera_id, starts_at, ends_at, opened_by, act, reason) "
        "VALUES (%s, %s, %s, 'operator', 'Act 9', 'a reason that is long enough')",
        CAMERA, HOUR, HOUR + dt.timedelta(hours=1),
    )  # fmt: skip
    start = HOUR + dt.timedelta(minutes=5)
    town.rows(
        "INSERT INTO raw.video_sign (camera_id, zone_id, kind, started_at, ended_at, value, "
        "model_version) VALUES (%s, 'town-square', 'anomaly', %s, %s, 2, '1')",
        CAMERA, start, start + dt.timedelta(seconds=3),
    )  # fmt: skip
    return [{"camera_id": CAMERA, "started_at": start.isoformat(), "object_key": "one"}]


def named_anomalies(town, batch: list[dict], run) -> tuple[int, str]:
    name_and_draw(batch, run)
    events = town.rows("SELECT 1 FROM raw.video_event WHERE kind = 'anomaly'")
    (told,) = town.rows(
        "SELECT detail FROM ops.outcome WHERE step = 'name_events' ORDER BY ended_at DESC LIMIT 1"
    )
    return len(events), told["detail"]


def test_what_alarms_far_over_its_budget_is_silent_and_says_so(town, alarming, run):
    count, told = named_anomalies(town, alarming, run)
    assert count == 0
    assert "anomaly muted after 6 alarms where 0.0 were allowed" in told


def test_a_camera_that_learnt_anew_alarms_again(town, alarming, run):
    calibrated(town, HOUR + dt.timedelta(minutes=4))
    assert named_anomalies(town, alarming, run) == (1, "")


def test_a_higher_budget_lets_it_alarm(town, alarming, run):
    town.edit_pack(
        "thresholds.yaml",
        "  anomaly_false_alarms_per_day:\n    value: 1\n",
        "  anomaly_false_alarms_per_day:\n    value: 10000\n",
    )
    assert named_anomalies(town, alarming, run)[0] == 1
