"""What a source offers: names say camera and time, a wrong name hides no other recording."""

import datetime as dt
from pathlib import Path

import pytest

from precrisis.city import Source, read_city
from precrisis.footage.ingest import _from_json, _to_json, segment_key
from precrisis.footage.sources import Recording, fetch, recordings
from precrisis.outcome import Refused

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def city(monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(Path(__file__).parents[1] / "city")


def source(kind: str, address: str) -> Source:
    return Source(
        source_id="test-footage", kind=kind, address=address, purpose_id="footage",
        noun="footage_segment",
    )  # fmt: skip


def test_recordings_of_a_folder_come_by_name_with_camera_and_time(city, tmp_path):
    for name in ("b/duomo-nord_20260301T110000Z.avi", "a/duomo-nord_20260301T120000Z.mkv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    found = list(recordings(city, source("folder", str(tmp_path)), AT))
    assert [(r.camera_id, r.started_at.hour) for r in found] == [
        ("duomo-nord", 11),
        ("duomo-nord", 12),
    ]
    assert found[0].key == "test-footage/duomo-nord_20260301T110000Z.avi"


@pytest.mark.parametrize(
    "name",
    [
        "holiday.avi", "duomo-nord_20260301.avi", "duomo-nord_20260301T110000.avi",
        "duomo-nord_20261301T110000Z.avi", "duomo-nord_20260301T250000Z.avi",
        "Duomo Nord_20260301T110000Z.avi", "duomo-nord_20260301T110000Z", "_20260301T110000Z.avi",
    ],
)  # fmt: skip
def test_a_wrong_name_is_listed_and_refused_when_fetched(city, tmp_path, name):
    (tmp_path / name).touch()
    (tmp_path / "duomo-nord_20260301T110000Z.avi").touch()
    folder = source("folder", str(tmp_path))
    found = {Path(r.address).name: r for r in recordings(city, folder, AT)}
    assert len(found) == 2
    with pytest.raises(Refused, match="recording_named"):
        fetch(found[name], folder, tmp_path)


def test_a_live_camera_is_one_recording_that_starts_now_and_its_key_holds_no_login(city):
    live = source("rtsp", "rtsp://user:secret@camera.example/1")
    (first, second) = recordings(city, live, AT)
    assert (first.started_at, first.camera_id, second.camera_id) == (
        AT, "duomo-nord", "piazza-fiera",
    )  # fmt: skip
    assert first.key == "test-footage/duomo-nord_20260301T120000Z"
    assert "secret" not in first.key


def test_a_live_camera_that_does_not_answer_is_refused_without_its_login(city, tmp_path):
    live = source("rtsp", "rtsp://user:secret@127.0.0.1:9/1")
    recording = next(recordings(city, live, AT))
    with pytest.raises(Refused, match="camera_answers") as refused:
        fetch(recording, live, tmp_path)
    assert "secret" not in str(refused.value)


def test_a_folder_that_is_not_there_is_named(city):
    with pytest.raises(FileNotFoundError, match="test-footage"):
        list(recordings(city, source("folder", "/nowhere"), AT))


@pytest.mark.parametrize("started_at", [AT, None])
def test_a_recording_survives_the_way_between_two_tasks(started_at):
    recording = Recording("s", "c", started_at, "/a/b.avi")
    assert _from_json(_to_json(recording)) == recording


def test_keys_of_segments_sort_by_time():
    moments = [AT + dt.timedelta(seconds=s) for s in (0, 0.5, 10, 86_400)]
    keys = [segment_key("duomo-nord", moment) for moment in moments]
    assert keys == sorted(keys)
    assert keys[1] == "footage_segment/2026-03-01/120000500000Z_duomo-nord.mkv"
