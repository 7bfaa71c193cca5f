"""A live camera, end to end: what it sends is stored at its true time, without sound or login."""

import datetime as dt
import json
import logging
import subprocess

import pytest

from precrisis import store
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.run import Run
from tests.rtsp_camera import Camera

SOURCE, STRETCH_S = "test-footage", 12
PASSWORD = "open-sesame"
LOGIN = f"viewer:{PASSWORD}"


@pytest.fixture
def watch(world, caplog):
    """Let the pack's source be this live address. The first of its two cameras will do."""
    caplog.set_level(logging.DEBUG)

    def to(address: str) -> None:
        folder = "kind: folder\n  address: ${PRECRISIS_SAMPLES}/footage"
        live = f"kind: rtsp\n  stretch_s: {STRETCH_S}\n  address: {address}"
        world.edit_pack("sources.yaml", folder, live)

    return to


@pytest.fixture
def old_run(run) -> Run:
    """A run that gets its turn an hour after its time."""
    hour = dt.timedelta(hours=1)
    return Run(run.dag_id, run.run_id, run.interval_start - hour, run.interval_end - hour)


def segments(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.footage_segment ORDER BY started_at")


def told(world, caplog, batches) -> str:
    """All that could give a login away: the log, what travels between tasks, what is recorded."""
    rows = world.rows(
        "SELECT o::text FROM ops.outcome o UNION SELECT q::text FROM ops.quarantine q"
    )
    return caplog.text + json.dumps(batches) + str(rows)


def test_a_stretch_is_stored_at_its_true_time(world, watch, old_run, caplog):
    with Camera(LOGIN) as camera:
        watch(camera.address())
        batches = find_recordings(SOURCE, old_run)
        asked_at = dt.datetime.now(dt.UTC)
        assert take_in(batches[0], old_run) == 2
        done_at = dt.datetime.now(dt.UTC)
        assert take_in(batches[0], old_run) == 0  # asked again, the run has its recording
    first, second = segments(world)
    assert asked_at <= first["started_at"] <= asked_at + dt.timedelta(seconds=5)
    gap_s = (second["started_at"] - first["ended_at"]).total_seconds()
    assert abs(gap_s) < 0.25  # a live stream's times are good to a frame or two
    assert second["ended_at"] <= done_at
    length_s = (second["ended_at"] - first["started_at"]).total_seconds()
    assert length_s == pytest.approx(STRETCH_S, abs=1.5)
    assert {row["camera_id"] for row in (first, second)} == {"duomo-nord"}
    assert set(world.outcomes("take_in_recording").values()) == {"ok"}
    assert PASSWORD not in told(world, caplog, batches)


def test_the_sound_of_a_camera_is_not_asked_for_and_not_stored(world, watch, run, tmp_path):
    with Camera() as camera:
        assert "m=audio" in camera.description
        watch(camera.address())
        take_in(find_recordings(SOURCE, run)[0], run)
    assert camera.asked_for == {"video"}
    assert len(segments(world)) == 2
    for row in segments(world):
        piece = tmp_path / "piece.mkv"
        piece.write_bytes(store.get("analysis", "restricted", row["object_key"]))
        probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0"]
        streams = subprocess.run([*probe, str(piece)], capture_output=True, text=True, check=True)
        assert streams.stdout.split() == ["video"]


def test_of_a_camera_that_falls_silent_what_came_is_stored_and_the_loss_is_said(
    world, watch, run, caplog
):
    with Camera(LOGIN, falls_silent_after_s=5) as camera:
        watch(camera.address())
        batches = find_recordings(SOURCE, run)
        assert take_in(batches[0], run) == 1
    (row,) = segments(world)
    assert 20 <= row["frame_count"] <= 55
    (key,) = world.outcomes("take_in_recording")
    assert world.quarantined("footage_segment") == {(key, "recording_whole")}
    (outcome,) = world.rows("SELECT detail FROM ops.outcome WHERE step = 'take_in_recording'")
    assert "s can be read; that part was stored" in outcome["detail"]
    assert PASSWORD not in told(world, caplog, batches)


def test_a_camera_that_refuses_the_login_is_in_quarantine_and_asked_again_next_time(
    world, watch, run, caplog
):
    with Camera(LOGIN) as camera:
        watch(camera.address(login="viewer:not-the-password"))
        batches = find_recordings(SOURCE, run)
        assert take_in(batches[0], run) == 0
    (key,) = world.outcomes("take_in_recording")
    assert world.quarantined("footage_segment") == {(key, "camera_answers")}
    (row,) = world.rows("SELECT reason FROM ops.quarantine")
    assert "refused the login (401)" in row["reason"]
    assert "not-the-password" not in told(world, caplog, batches)
    minute = dt.timedelta(minutes=1)
    later = Run("test", "later", run.interval_start + minute, run.interval_end + minute)
    assert len(find_recordings(SOURCE, later)) == len(batches)
