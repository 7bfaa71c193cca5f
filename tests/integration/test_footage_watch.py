"""Near real time: a live camera's pieces become observations and candidates while it runs on."""

import datetime as dt
import logging
import socket
import threading
import time

import pytest

from models.video.events import VideoEvent
from models.video.observation import Observation, SegmentAnalysis
from precrisis import store
from precrisis.city import city
from precrisis.footage.analyse import find_segments
from precrisis.footage.capture import Gap, Piece, capture
from precrisis.footage.ingest import store_segment
from precrisis.footage.listing import footage_sources
from precrisis.footage.orphans import adopt_orphans
from precrisis.footage.urgent import raise_urgent
from precrisis.footage.watch import Watch, continuous_cameras
from precrisis.footage.watch_books import Seen, keep
from precrisis.run import Run
from precrisis.warehouse import connect
from tests.rtsp_camera import Camera
from tests.waiting import at_work, until

SOURCE = "test-footage"
PASSWORD = "open-sesame"


@pytest.fixture
def live(world, caplog):
    """Let the pack's source be this live address, recorded without a break, for one camera."""
    caplog.set_level(logging.DEBUG)

    def at(address: str) -> None:
        folder = "kind: folder\n  address: ${PRECRISIS_SAMPLES}/footage"
        there = f"kind: rtsp\n  is_continuous: true\n  address: {address}"
        world.edit_pack("sources.yaml", folder, there)

    return at


def watching(flush_s: float = 2.0, tell=lambda: None):
    return at_work(Watch(flush_s=flush_s, tell=tell))


def test_what_is_recorded_without_a_break_is_not_listed_by_the_batch(world, live):
    assert footage_sources() == [SOURCE]
    live("rtsp://camera.example/live")
    assert footage_sources() == []
    assert {source.source_id for source, _ in continuous_cameras()} == {SOURCE}


def test_pieces_become_observations_while_the_camera_runs_on(world, live):
    with Camera(f"viewer:{PASSWORD}") as camera:
        live(camera.address())
        with watching():
            query = "SELECT * FROM raw.camera_observation ORDER BY camera_id, window_start"
            until(lambda: len(world.rows(query)) >= 2)
        assert camera.asked_for == {"video"}
    segments = world.rows("SELECT * FROM raw.footage_segment ORDER BY camera_id, started_at")
    assert len(segments) >= 2
    for segment in segments:
        lasted_s = (segment["ended_at"] - segment["started_at"]).total_seconds()
        assert 8 < lasted_s < 12
        assert store.get("analysis", "restricted", segment["object_key"])[:4] == b"\x1a\x45\xdf\xa3"
    done = world.outcomes("analyse_segment")
    assert done == {s["object_key"]: "ok" for s in segments}
    logged = world.rows("SELECT action, count(*) AS n FROM ops.audit_log GROUP BY action")
    assert {row["action"] for row in logged} >= {"run_allowed", "run_done"}
    left = world.rows(
        "SELECT o::text FROM ops.outcome o UNION SELECT q::text FROM ops.quarantine q"
    )
    assert PASSWORD not in str(left)


def test_an_urgent_event_is_a_candidate_before_any_row_passes_a_door(world, live, monkeypatch):
    monkeypatch.setattr("models.video.analyse.analyse_segment", crowded)
    with Camera() as camera:
        live(camera.address())
        told = []
        with watching(flush_s=3600, tell=lambda: told.append(1)):
            (candidate, *_) = until(lambda: world.rows("SELECT * FROM ops.alert_candidate"))
            assert world.rows("SELECT * FROM raw.camera_observation") == []
    assert (candidate["kind"], candidate["zone_id"]) == ("density_level", "market-square")
    assert (candidate["raised_at"] - candidate["landed_at"]).total_seconds() < 30
    assert told


def crowded(path, camera, detector, started_at, normal=None) -> SegmentAnalysis:
    """What would be seen in a crush."""
    seen = Observation(
        camera_id=camera.camera_id, zone_id="market-square", window_start=started_at,
        window_end=started_at + dt.timedelta(seconds=10), people_mean=60.0, people_max=70,
        density_per_m2=6.0, speed_m_s=None, motion_px_s=0.0, flow_direction_deg=None,
        vehicles_mean=0.0, anomaly_score=None, frame_count=20, is_blind=False, model_version="m",
    )  # fmt: skip
    return SegmentAnalysis((seen,), 100, 100)


def test_a_piece_that_waited_too_long_is_left_to_the_batch(world, films, run):
    start = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=40)
    purpose = city().purpose(city().source(SOURCE).purpose_id)
    with connect("ingest") as connection:
        row = store_segment(connection, purpose, SOURCE, "piazza-fiera", start, films)
    piece = Piece(SOURCE, "piazza-fiera", films, start, 12.0, start + dt.timedelta(seconds=12))
    seen = Watch()._look(piece, row)
    assert (seen.found, seen.error) == (None, None)
    keep([seen], run)
    assert world.rows("SELECT * FROM raw.camera_observation") == []
    ((segment,),) = find_segments(run)
    assert segment["object_key"] == row["object_key"]


def test_a_candidate_is_raised_once_and_follows_its_event(world):
    start = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    second = dt.timedelta(seconds=1)

    def event(kind: str, lasts_s: int, confidence: float) -> VideoEvent:
        end = start + lasts_s * second
        return VideoEvent(kind, "piazza-fiera", "market-square", kind, start, end, confidence, "m")

    with connect("analysis") as connection:
        crowd, walk = event("density_level", 20, 0.6), event("loitering", 20, 0.9)
        assert raise_urgent(connection, [crowd, walk], ["a"], start + 21 * second) == 1
        longer = event("density_level", 40, 0.8)
        assert raise_urgent(connection, [longer], ["b"], start + 41 * second) == 0
    (row,) = world.rows("SELECT * FROM ops.alert_candidate")
    assert (row["kind"], row["zone_id"]) == ("density_level", "market-square")
    assert row["ends_at"] == start + 40 * second
    assert row["landed_at"] == start + 21 * second
    assert row["inputs"]["segments"] == ["a"]


def test_after_its_last_day_nothing_is_urgent(world):
    late = dt.datetime(2036, 1, 2, tzinfo=dt.UTC)
    event = VideoEvent("e", "c", "market-square", "density_level", late, late, 1.0, "m")
    with connect("analysis") as connection:
        assert raise_urgent(connection, [event], [], late) == 0
    assert world.rows("SELECT * FROM ops.alert_candidate") == []


def test_a_camera_that_drops_its_line_is_met_again_and_the_gap_is_told(world, live, tmp_path):
    stop, landed = threading.Event(), []
    with Camera() as camera:
        live(camera.address())
        source, camera_id = continuous_cameras()[0]

        def collect() -> None:
            for found in capture(source, camera_id, tmp_path, stop):
                landed.append(found)

        thread = threading.Thread(target=collect, daemon=True)
        thread.start()
        until(lambda: len(landed) >= 1)
        for player in list(camera.players):
            player.connection.shutdown(socket.SHUT_RDWR)
        until(lambda: any(isinstance(found, Gap) for found in landed))
        until(lambda: isinstance(landed[-1], Piece))
        stop.set()
        thread.join(timeout=30)
    (gap,) = [found for found in landed if isinstance(found, Gap)]
    pieces = [found for found in landed if isinstance(found, Piece)]
    assert gap.reason.startswith("the stream ended")
    assert gap.started_at < gap.ended_at
    assert gap.ended_at == pieces[landed.index(gap)].started_at
    assert camera.address() not in gap.reason


def test_a_gap_is_in_quarantine_and_in_the_outcomes(world, run):
    start = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    gap = Gap(SOURCE, "piazza-fiera", start, start + dt.timedelta(seconds=75), "the stream ended")
    keep([gap], run)
    ((key, rule),) = world.quarantined("footage_segment")
    assert rule == "camera_answers"
    assert world.outcomes("take_in_recording") == {key: "quarantined"}
    (row,) = world.rows("SELECT reason FROM ops.quarantine")
    assert "75 s without a picture until 10:01:15 UTC" in row["reason"]


def test_a_piece_whose_analysis_fails_is_the_batch_s_to_try_again_and_stops_no_other(
    world, films, run
):
    start = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    purpose = city().purpose(city().source(SOURCE).purpose_id)
    seen = []
    for camera, error in (("piazza-fiera", RuntimeError("out of memory")), ("duomo-nord", None)):
        with connect("ingest") as connection:
            row = store_segment(connection, purpose, SOURCE, camera, start, films)
        piece = Piece(SOURCE, camera, films, start, 12.0, start)
        found = crowded(films, city().camera(camera), None, start)
        seen.append(Seen(piece, row, None if error else found, error))
    keep(seen, run)
    assert set(world.outcomes("take_in_recording").values()) == {"ok"}
    assert sorted(world.outcomes("analyse_segment").values()) == ["failed", "ok"]
    ((segment,),) = find_segments(run)
    assert segment["camera_id"] == "piazza-fiera"


def test_a_piece_that_a_crash_left_without_a_row_gets_it_and_its_turn(world, films, run):
    start = dt.datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=dt.UTC)
    purpose = city().purpose(city().source(SOURCE).purpose_id)
    with connect("ingest") as connection:
        row = store_segment(connection, purpose, SOURCE, "piazza-fiera", start, films)
    assert find_segments(run) == []
    assert adopt_orphans(run) == 0  # whoever stored it may be about to write its row
    late = Run(run.dag_id, "late", run.interval_start, run.interval_end + dt.timedelta(minutes=3))
    assert adopt_orphans(late) == 1
    (found,) = world.rows("SELECT * FROM raw.footage_segment")
    assert {name: found[name] for name in row} == row
    ((segment,),) = find_segments(late)
    assert segment["object_key"] == row["object_key"]
    assert adopt_orphans(late) == 0


def test_an_orphan_of_a_camera_that_is_gone_is_quarantined(world, films, run):
    purpose = city().purpose(city().source(SOURCE).purpose_id)
    with connect("ingest") as connection:
        store_segment(connection, purpose, SOURCE, "no-such-camera", run.interval_start, films)
    late = Run(run.dag_id, "late", run.interval_start, run.interval_end + dt.timedelta(minutes=3))
    assert adopt_orphans(late) == 0
    assert {rule for _, rule in world.quarantined("footage_segment")} == {"camera_known"}


def test_without_a_basis_nothing_is_recorded(world, live):
    with Camera() as camera:
        live(camera.address())
        register = world.pack / "register.yaml"
        register.write_text(register.read_text().replace("valid_until: 2035", "valid_until: 2020"))
        world.edit_pack("city.yaml", "country: PT", "country: PT")
        with watching():
            time.sleep(4)
        assert camera.asked_for == set()
    assert world.rows("SELECT * FROM ops.object_ledger") == []
    refused = world.rows("SELECT * FROM ops.audit_log WHERE action = 'run_refused'")
    assert len(refused) >= 1


def test_an_act_that_ends_ends_the_recording_too(world, live):
    with Camera() as camera:
        live(camera.address())
        with watching(flush_s=1.0):
            until(lambda: world.rows("SELECT * FROM ops.object_ledger"))
            register = world.pack / "register.yaml"
            text = register.read_text()
            register.write_text(text.replace("valid_until: 2035", "valid_until: 2020"))
            until(lambda: not camera.players)
            stored = len(world.rows("SELECT * FROM ops.object_ledger"))
            time.sleep(12)
        assert len(world.rows("SELECT * FROM ops.object_ledger")) == stored
