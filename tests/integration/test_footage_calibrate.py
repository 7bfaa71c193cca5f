"""cameras_calibrate on stored segments: what is learnt, from what, and what is left out."""

import datetime as dt
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from infra.stack.layout import Stack
from models.video.anomaly import AnomalyModel
from precrisis.footage.analyse import analyse, find_segments
from precrisis.footage.calibrate import calibrate_camera
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.footage.normal import current
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


def scores_of(world, since: dt.datetime) -> list[float | None]:
    rows = world.rows(
        "SELECT anomaly_score FROM raw.camera_observation WHERE window_start >= %s "
        "ORDER BY window_start",
        since,
    )
    return [row["anomaly_score"] for row in rows]


def offered_and_analysed(world, film: Path, at: dt.datetime, run: Run) -> None:
    clips.offered(film, world.samples / "footage" / f"{CAMERA}_{at:%Y%m%dT%H%M%SZ}.avi")
    for batch in find_recordings("test-footage", run):
        take_in(batch, run)
    for batch in find_segments(run):
        analyse(batch, run)


def test_footage_taken_after_a_calibration_is_scored_and_none_before(stored, street, run):
    calibrate_camera(CAMERA, replace(run, interval_end=START + HOUR))
    offered_and_analysed(stored, street, START + 2 * HOUR, run)
    before = stored.rows(
        "SELECT count(anomaly_score) AS n FROM raw.camera_observation WHERE window_start < %s",
        START + HOUR,
    )
    assert before == [{"n": 0}]
    found = scores_of(stored, START + 2 * HOUR)
    assert len(found) >= 12
    # The same film again is as normal as can be: it stays under the alarm score.
    assert all(0 <= score < 1 for score in found)


def test_G12_a_demonstration_is_counted_and_not_scored(stored, street, run):
    calibrate_camera(CAMERA, replace(run, interval_end=START + HOUR))
    later_on = START + 2 * HOUR
    stored.rows(
        "INSERT INTO raw.calendar_event VALUES ('c', 'e1', 'March', 'demonstration', "
        "'market-square', %s, %s, 500)",
        later_on, later_on + HOUR,
    )  # fmt: skip
    offered_and_analysed(stored, street, later_on, run)
    assert set(scores_of(stored, later_on)) == {None}


def test_a_camera_of_another_size_than_learnt_says_that_it_is_not_scored(stored, street, run):
    calibrate_camera(CAMERA, replace(run, interval_end=START + HOUR))
    other = street.with_name("other.avi")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-t", "10", "-i", str(street)]
    subprocess.run([*command, "-vf", "scale=176:144", "-y", str(other)], check=True)
    offered_and_analysed(stored, other, START + 2 * HOUR, run)
    assert set(scores_of(stored, START + 2 * HOUR)) == {None}
    details = stored.rows("SELECT detail FROM ops.outcome WHERE step = 'analyse_segment'")
    assert any("anomaly not scored: its frames have another size" in d["detail"] for d in details)
