"""cameras_calibrate on stored segments: what is learnt, from what, and what is left out."""

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from infra.stack.layout import Stack
from models.video.anomaly import AnomalyModel
from precrisis.footage.calibrate import calibrate_camera, current
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.run import Run
from precrisis.warehouse import connect
from tests import clips

CAMERA = "piazza-fiera"
START = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def street(tmp_path_factory) -> Path:
    """Two minutes with people in them: the sample clip, small and slow, one and a half times."""
    target = tmp_path_factory.mktemp("street") / "street.avi"
    whole = Stack.from_environment().cache / "vtest.avi"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-stream_loop", "1", "-t", "120", "-i"]
    command += [str(whole), "-vf", "scale=160:120", "-r", "2", "-q:v", "3", "-y", str(target)]
    subprocess.run(command, check=True)
    return target


@pytest.fixture
def stored(world, street, run):
    """The street as stored segments of the camera."""
    clips.offered(street, world.samples / "footage" / f"{CAMERA}_{START:%Y%m%dT%H%M%SZ}.avi")
    for batch in find_recordings("test-footage", run):
        take_in(batch, run)
    assert len(world.rows("SELECT * FROM raw.footage_segment")) >= 12
    return world


def later(run: Run, by: dt.timedelta) -> Run:
    return Run(run.dag_id, f"{run.run_id}-{by}", run.interval_start, run.interval_end + by)


def told(world) -> str:
    (row,) = world.rows(
        "SELECT detail FROM ops.outcome WHERE step = 'calibrate_camera' "
        "ORDER BY ended_at DESC LIMIT 1"
    )
    return row["detail"]


def test_a_camera_learns_its_normal_and_keeps_it_sealed_with_a_due_time(stored, run, tmp_path):
    assert calibrate_camera(CAMERA, run) == 1
    (row,) = stored.rows("SELECT * FROM raw.camera_calibration")
    assert row["learnt_from"] == ["2026-03-01"]
    assert (row["width_px"], row["height_px"], row["frame_rate_hz"]) == (160, 120, 2)
    assert row["expires_at"] - dt.timedelta(days=35) <= dt.datetime.now(dt.UTC)
    stored_form = stored.store.stored("derived", row["object_key"])
    assert not stored_form.startswith(b"PK")
    file = tmp_path / "artefact.npz"
    file.write_bytes(stored.store.read("derived", row["object_key"]))
    model = AnomalyModel.load(file)
    assert model.frames == row["frame_count"] > 200
    assert row["alarm_score"] == model.budget_threshold(row["false_alarms_per_day"])


def test_the_newest_calibration_in_force_counts_and_a_rerun_learns_the_same(stored, run):
    calibrate_camera(CAMERA, run)
    first = stored.rows("SELECT * FROM raw.camera_calibration")
    calibrate_camera(CAMERA, run)
    assert stored.rows("SELECT * FROM raw.camera_calibration") == first
    calibrate_camera(CAMERA, later(run, HOUR))
    with connect("analysis") as connection:
        now = current(connection, CAMERA, run.interval_end + HOUR / 2)
        soon = current(connection, CAMERA, run.interval_end + 2 * HOUR)
        at_last = current(connection, CAMERA, dt.datetime.now(dt.UTC) + 40 * DAY)
    assert now["calibrated_at"] == run.interval_end
    assert soon["calibrated_at"] == run.interval_end + HOUR
    assert at_last is None


def test_what_is_around_a_named_event_is_not_learnt(stored, run):
    stored.rows(
        "INSERT INTO raw.video_event "
        "VALUES ('e', %s, 'market-square', 'intrusion', %s, %s, 1, 'm')",
        CAMERA, START, START + dt.timedelta(seconds=10),
    )  # fmt: skip
    calibrate_camera(CAMERA, run)
    (row,) = stored.rows("SELECT rows_in FROM ops.outcome WHERE step = 'calibrate_camera'")
    away = stored.rows(
        "SELECT * FROM raw.footage_segment WHERE started_at > %s",
        START + dt.timedelta(seconds=10) + dt.timedelta(minutes=1),
    )
    assert 0 < row["rows_in"] == len(away)


def test_G12_nothing_is_learnt_from_a_demonstration(stored, run):
    stored.rows(
        "INSERT INTO raw.calendar_event VALUES ('c', 'e1', 'March', 'demonstration', "
        "'market-square', %s, %s, 500)",
        START, START + HOUR,
    )  # fmt: skip
    assert calibrate_camera(CAMERA, run) == 0
    assert stored.rows("SELECT * FROM raw.camera_calibration") == []
    assert "no stored footage away from events and protected times" in told(stored)


def test_too_little_footage_keeps_what_was_learnt_before(stored, run):
    calibrate_camera(CAMERA, run)
    stored.rows("DELETE FROM raw.footage_segment WHERE started_at > %s", START + HOUR / 60)
    assert calibrate_camera(CAMERA, later(run, HOUR)) == 0
    assert "blocks of normal footage; 10 are needed" in told(stored)
    with connect("analysis") as connection:
        assert current(connection, CAMERA, run.interval_end + 2 * HOUR)


def test_a_camera_without_footage_says_so_and_is_no_failure(world, run):
    assert calibrate_camera(CAMERA, run) == 0
    assert "nothing learnt" in told(world)
