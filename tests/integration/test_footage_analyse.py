"""footage_analyse on stored segments: observations, events, and segments that can't be used."""

import datetime as dt
import subprocess

import pytest

from infra.stack.layout import Stack
from models.video.observation import Observation, SegmentAnalysis, Sign
from precrisis.footage.analyse import analyse, find_segments
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.outcome import StepFailed
from precrisis.run import Run
from tests import clips


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Twelve seconds of the sample clip, with people in it."""
    target = tmp_path_factory.mktemp("street") / "street.avi"
    whole = Stack.from_environment().cache / "vtest.avi"
    cut = ["ffmpeg", "-nostdin", "-v", "error", "-t", "12", "-i", str(whole), "-c", "copy", "-y"]
    subprocess.run([*cut, str(target)], check=True)
    return target


def store_film(world, film, run, camera="piazza-fiera", start="20260301T180000Z") -> None:
    clips.offered(film, world.samples / "footage" / f"{camera}_{start}.avi")
    for batch in find_recordings("test-footage", run):
        take_in(batch, run)


def analyse_all(run) -> int:
    return sum(analyse(batch, run) for batch in find_segments(run))


def after(run: Run, name: str = "next") -> Run:
    return Run(run.dag_id, f"{run.run_id}-{name}", run.interval_start, run.interval_end)


def test_people_are_counted_and_the_city_s_rules_name_the_events(world, street, run):
    store_film(world, street, run)
    assert analyse_all(run) == 2
    rows = world.rows("SELECT * FROM raw.camera_observation ORDER BY window_start")
    assert [row["zone_id"] for row in rows] == ["market-square"] * 2
    assert rows[0]["people_mean"] > 1
    # Market Square is closed at 18:00 in Lisbon, and any walker is over this city's density limit.
    events = world.rows("SELECT kind, zone_id FROM raw.video_event")
    assert {(e["kind"], e["zone_id"]) for e in events} == {
        ("density_level", "market-square"),
        ("intrusion", "market-square"),
    }


def test_a_second_run_has_nothing_to_do_and_a_repeat_changes_nothing(world, street, run):
    store_film(world, street, run)
    batches = find_segments(run)
    for batch in batches:
        analyse(batch, run)
    tables = ("raw.camera_observation", "raw.video_event")
    before = [world.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]
    assert find_segments(after(run)) == []
    for batch in batches:
        analyse(batch, after(run))
    assert [world.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables] == before


def test_a_segment_that_was_replaced_is_analysed_again(world, films, tmp_path, run):
    store_film(world, clips.truncated(tmp_path / "cut.avi", films), run)
    analyse_all(run)
    (partly,) = world.rows("SELECT * FROM raw.camera_observation")
    store_film(world, films, run)
    assert analyse_all(after(run)) == 2
    whole, _ = world.rows("SELECT * FROM raw.camera_observation ORDER BY window_start")
    assert whole["window_start"] == partly["window_start"]
    assert whole["window_end"] > partly["window_end"]
    assert find_segments(after(run, "third")) == []


def test_a_segment_that_is_gone_or_damaged_is_quarantined_and_the_others_are_analysed(
    world, films, run
):
    store_film(world, films, run, "duomo-nord", "20260301T100000Z")
    store_film(world, films, run, "duomo-nord", "20260301T110000Z")
    gone, damaged, *good = [
        row["object_key"]
        for row in world.rows("SELECT object_key FROM raw.footage_segment ORDER BY started_at")
    ]
    world.store.remove("restricted", gone)
    world.store.write("restricted", damaged, b"\x1a\x45\xdf\xa3 nothing of a film")
    analyse_all(run)
    outcomes = world.outcomes("analyse_segment")
    assert outcomes == {gone: "quarantined", damaged: "quarantined"} | dict.fromkeys(good, "ok")
    assert world.quarantined("camera_observation") == {
        (gone, "segment_readable"),
        (damaged, "segment_readable"),
    }
    starts = world.rows("SELECT min(window_start) AS first FROM raw.camera_observation")
    assert starts == [{"first": dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)}]


@pytest.mark.parametrize("size", ["32x32", "160x120"])
def test_a_film_of_one_frame_or_too_small_a_picture_ends_in_one_outcome(world, tmp_path, run, size):
    store_film(world, clips.film(tmp_path / "short.avi", seconds=0.1, size=size), run)
    analyse_all(run)
    assert set(world.outcomes("analyse_segment").values()) <= {"ok", "quarantined"}
    assert find_segments(after(run)) == []


def test_a_store_that_is_out_of_reach_fails_the_step_and_the_next_run_heals(world, films, run):
    store_film(world, films, run)
    (batch,) = find_segments(run)
    reach(world, "127.0.0.1:9")
    with pytest.raises(StepFailed, match="2 of 2 items failed"):
        analyse(batch, run)
    assert set(world.outcomes("analyse_segment").values()) == {"failed"}
    reach(world, f"127.0.0.1:{world.store.stack.port('s3')}")
    assert analyse_all(after(run)) == 2
    assert set(world.outcomes("analyse_segment").values()) == {"ok"}


def reach(world, endpoint: str) -> None:
    world.set_variable("PRECRISIS_S3_ENDPOINT", endpoint)
    world.edit_pack("city.yaml", "country: PT", "country: PT")


def test_what_is_due_is_not_analysed_any_more(world, films, run):
    store_film(world, films, run)
    late = Run("test", "late", run.interval_end, run.interval_end + dt.timedelta(hours=25))
    assert find_segments(late) == []
    assert len(find_segments(run)) == 1


def run_past(path, camera, detector, started_at, normal=None) -> SegmentAnalysis:
    """Somebody runs, twice at the same moment, in a square with nobody else."""
    end = started_at + dt.timedelta(seconds=10)
    seen = Observation(
        camera_id=camera.camera_id, zone_id="market-square", window_start=started_at,
        window_end=end, people_mean=0.0, people_max=0, density_per_m2=0.0, speed_m_s=None,
        motion_px_s=0.0, flow_direction_deg=None, vehicles_mean=0.0, anomaly_score=None,
        frame_count=20, is_blind=False, model_version="m",
    )  # fmt: skip
    runs = [
        Sign(camera.camera_id, "market-square", "running", started_at, end, value, "m")
        for value in (7.0, 6.0)
    ]
    return SegmentAnalysis((seen,), 100, 100, tuple(runs))


def test_signs_of_behaviour_are_kept_and_named_in_incident_mode_alone(
    world, films, run, monkeypatch
):
    monkeypatch.setattr("models.video.analyse.analyse_segment", run_past)
    store_film(world, films, run)
    analyse_all(run)
    assert world.rows("SELECT * FROM raw.video_sign") == []
    world.rows(
        "INSERT INTO ops.incident_mode (camera_id, starts_at, ends_at, opened_by, act, reason) "
        "VALUES ('piazza-fiera', '2026-03-01T17:00Z', '2026-03-01T20:00Z', 'a', 'b', 'long enough')"
    )
    world.rows("UPDATE raw.footage_segment SET loaded_at = now()")
    analyse_all(after(run))
    signs = world.rows("SELECT kind, value FROM raw.video_sign ORDER BY started_at")
    assert {row["kind"] for row in signs} == {"running"}
    assert {row["value"] for row in signs} == {7.0}
    kinds = {row["kind"] for row in world.rows("SELECT kind FROM raw.video_event")}
    assert "running" in kinds
    world.rows("UPDATE raw.footage_segment SET loaded_at = now()")
    analyse_all(after(run, "third"))
    assert world.rows("SELECT kind, value FROM raw.video_sign ORDER BY started_at") == signs
