"""Evidence pictures: silhouettes of named events in the derived zone, none of protected places."""

import datetime as dt
import re
import subprocess

import cv2
import numpy as np
import pytest

from infra.stack.layout import Stack
from models.video import masking_record
from models.video.silhouette import PERSON, TONES
from precrisis.city import city
from precrisis.footage.analyse import analyse, find_segments
from precrisis.footage.evidence import draw_left, picture_key
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.footage.naming import name
from precrisis.run import Run
from tests import clips

START = dt.datetime(2026, 3, 1, 18, 0, 3, tzinfo=dt.UTC)  # off the grid of steps


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """The sample clip, 80 seconds, at half of its rate."""
    target = tmp_path_factory.mktemp("street") / "street.avi"
    whole = Stack.from_environment().cache / "vtest.avi"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(whole), "-r", "5", "-q:v", "3", "-y"]
    subprocess.run([*command, str(target)], check=True)
    return target


def analysed(world, film, run) -> None:
    clips.offered(film, world.samples / "footage" / f"piazza-fiera_{START:%Y%m%dT%H%M%SZ}.avi")
    for batch in find_recordings("test-footage", run):
        take_in(batch, run)
    for batch in find_segments(run):
        analyse(batch, run)


def outcomes(world) -> dict[str, dict]:
    rows = world.rows("SELECT * FROM ops.outcome WHERE step = 'draw_evidence' ORDER BY ended_at")
    return {row["item_key"]: row for row in rows}


def decoded(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def test_an_event_gets_a_picture_that_is_kept_as_long_as_its_purpose_says(world, street, run):
    analysed(world, street, run)
    events = world.rows("SELECT * FROM raw.video_event WHERE kind <> 'camera_blind'")
    assert events
    assert set(world.store.keys("derived")) == set(map(picture_key, events))
    ledger = world.rows("SELECT * FROM ops.object_ledger WHERE bucket = 'derived'")
    purpose = city().purpose(city().source("test-footage").purpose_id)
    kept = dt.timedelta(hours=purpose.retention_hours)
    assert {(row["noun"], row["due_at"] - row["stored_at"]) for row in ledger} == {
        ("silhouette", kept)
    }
    for key in map(picture_key, events):
        picture = decoded(world.store.read("derived", key))
        assert picture.shape == (576, 768, 3)
        assert (picture == np.uint8(PERSON)).all(axis=2).sum() > 1000
    done = outcomes(world)
    assert set(done) == {event["event_id"] for event in events}
    assert {(row["status"], row["rows_out"]) for row in done.values()} == {("ok", 1)}


def test_G3_the_picture_holds_the_plate_and_flat_tones_and_nothing_of_the_frame(world, street, run):
    """Pixels that are no flat tone are the same in all pictures of the camera: the plate's."""
    analysed(world, street, run)
    pictures = [decoded(world.store.read("derived", k)) for k in world.store.keys("derived")]
    assert len(pictures) > 1
    flat = [np.any([(p == np.uint8(t)).all(axis=2) for t in TONES], axis=0) for p in pictures]
    for picture, is_flat in zip(pictures[1:], flat[1:], strict=True):
        both_plate = ~is_flat & ~flat[0]
        assert both_plate.mean() > 0.5
        assert (picture == pictures[0])[both_plate].all()


def test_G3_pictures_show_whole_steps_and_a_second_run_draws_nothing_anew(world, street, run):
    analysed(world, street, run)
    for row in outcomes(world).values():
        (second,) = re.findall(r":(\d\d)Z$", row["detail"])
        assert int(second) % 10 == 0
    before = world.rows("SELECT * FROM ops.object_ledger ORDER BY 1, 2")
    again = Run(run.dag_id, f"{run.run_id}-next", run.interval_start, run.interval_end)
    world.rows("UPDATE raw.footage_segment SET loaded_at = now()")
    for batch in find_segments(again):
        analyse(batch, again)
    assert world.rows("SELECT * FROM ops.object_ledger ORDER BY 1, 2") == before
    assert {row["run_id"] for row in outcomes(world).values()} == {run.run_id}


def test_what_was_named_live_is_drawn_later_and_once(world, street, run, monkeypatch):
    monkeypatch.setattr("precrisis.footage.analyse.name_and_draw", name)
    analysed(world, street, run)
    assert world.store.keys("derived") == []
    drawn = draw_left(run)
    assert drawn == len(world.store.keys("derived")) == len(outcomes(world)) > 0
    assert draw_left(run) == 0
    assert {row["run_id"] for row in outcomes(world).values()} == {run.run_id}
    world.rows("UPDATE raw.footage_segment SET due_at = now() - interval '1 day'")
    world.rows("DELETE FROM ops.outcome WHERE step = 'draw_evidence'")
    assert draw_left(run) == 0  # nothing is left to draw from


def test_G3_G12_no_picture_where_people_demonstrate(world, street, run):
    world.rows(
        "INSERT INTO raw.calendar_event VALUES ('c', 'e1', 'March', 'demonstration', "
        "'market-square', %s, %s, 500)",
        START, START + dt.timedelta(hours=1),
    )  # fmt: skip
    analysed(world, street, run)
    assert world.rows("SELECT kind FROM raw.video_event")
    assert world.store.keys("derived") == []
    for row in outcomes(world).values():
        assert (row["status"], row["rows_out"]) == ("ok", 0)
        assert "protected" in row["detail"]


def test_G3_no_picture_of_a_view_that_is_looked_at_in_tiles(world, street, run):
    rate = "  analysis_rate_hz: 1.0\n"
    world.edit_pack("cameras.yaml", rate, f"{rate}  tiles: [2, 1]\n")
    analysed(world, street, run)
    assert world.store.keys("derived") == []
    done = outcomes(world)
    assert done
    assert {row["rows_out"] for row in done.values()} == {0}
    assert all("tiles" in row["detail"] for row in done.values())


def test_G3_a_picture_of_code_that_was_not_attacked_is_quarantined(world, street, run, monkeypatch):
    monkeypatch.setattr(masking_record, "code_sha256", lambda: "another code")
    masking_record.doubt.cache_clear()
    analysed(world, street, run)
    masking_record.doubt.cache_clear()
    assert world.rows("SELECT kind FROM raw.video_event")
    assert world.store.keys("derived") == []
    assert {row["status"] for row in outcomes(world).values()} == {"quarantined"}
    assert {rule for _, rule in world.quarantined("silhouette")} == {"masking_proven"}


def test_too_little_footage_for_an_empty_plate_is_no_picture_and_says_so(world, tmp_path, run):
    film = tmp_path / "short.avi"
    whole = Stack.from_environment().cache / "vtest.avi"
    cut = ["ffmpeg", "-nostdin", "-v", "error", "-t", "20", "-i", str(whole), "-c", "copy", "-y"]
    subprocess.run([*cut, str(film)], check=True)
    analysed(world, film, run)
    assert world.store.keys("derived") == []
    details = {row["detail"] for row in outcomes(world).values()}
    assert len(details) == 1
    assert "at least 60 s are needed" in details.pop()
