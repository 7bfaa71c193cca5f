"""What a source offers: names say camera and time, a wrong name hides no other recording."""

import datetime as dt
import json
import logging
import os
from pathlib import Path

import pytest

from precrisis.city import read_city
from precrisis.file_sources.offered import SourceUnreadable
from precrisis.footage.ingest import segment_key
from precrisis.footage.recording import Recording
from precrisis.footage.sources import fetch, recordings
from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from tests import clips

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def city(monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(Path(__file__).parents[1] / "city")


def source(kind: str, address: str, **more) -> Source:
    return Source(
        source_id="test-footage", kind=kind, address=address, purpose_id="footage",
        noun="footage_segment", **more,
    )  # fmt: skip


def settled(path: Path, content: bytes = b"") -> Path:
    path.write_bytes(content)
    return clips.aged(path)


def test_recordings_of_a_folder_come_by_name_with_camera_and_time(city, tmp_path):
    for name in ("b/duomo-nord_20260301T110000Z.avi", "a/duomo-nord_20260301T120000Z.mkv"):
        (tmp_path / name).parent.mkdir()
        settled(tmp_path / name, b"12345")
    found = list(recordings(city, source("folder", str(tmp_path)), AT))
    assert [(r.camera_id, r.started_at.hour) for r in found] == [
        ("duomo-nord", 11),
        ("duomo-nord", 12),
    ]
    assert found[0].key == "test-footage/duomo-nord_20260301T110000Z.avi (5 bytes)"


def test_a_file_that_changed_is_another_recording_and_one_that_did_not_is_the_same(city, tmp_path):
    def key(size: int, folder: str) -> str:
        (tmp_path / folder).mkdir(exist_ok=True)
        settled(tmp_path / folder / "duomo-nord_20260301T110000Z.avi", bytes(size))
        (found,) = recordings(city, source("folder", str(tmp_path / folder)), AT)
        return found.key

    assert key(7, "a") == key(7, "b") != key(8, "b")


@pytest.mark.parametrize(("age_s", "is_offered"), [(0, 0), (25, 0), (35, 1), (-25, 0), (-3600, 1)])
def test_a_file_that_just_changed_is_left_for_the_next_run(
    city, tmp_path, caplog, age_s, is_offered
):
    caplog.set_level(logging.INFO, logger="precrisis")
    file = settled(tmp_path / "duomo-nord_20260301T110000Z.avi")
    clips.aged(file, age_s)
    assert len(list(recordings(city, source("folder", str(tmp_path)), AT))) == is_offered
    assert ("test-footage: 1 files changed less than 30 s ago" in caplog.text) != bool(is_offered)


def test_what_is_no_file_is_not_offered(city, tmp_path):
    os.mkfifo(tmp_path / "duomo-nord_20260301T110000Z.avi")
    (tmp_path / "duomo-nord_20260301T120000Z.avi").symlink_to(tmp_path / "gone")
    assert list(recordings(city, source("folder", str(tmp_path)), AT)) == []


@pytest.mark.parametrize(
    "name",
    [
        "holiday.avi", "duomo-nord_20260301.avi", "duomo-nord_20260301T110000.avi",
        "duomo-nord_20261301T110000Z.avi", "duomo-nord_20260301T250000Z.avi",
        "Duomo Nord_20260301T110000Z.avi", "duomo-nord_20260301T110000Z", "_20260301T110000Z.avi",
    ],
)  # fmt: skip
def test_a_wrong_name_is_listed_and_refused_when_fetched(city, tmp_path, name):
    settled(tmp_path / name)
    settled(tmp_path / "duomo-nord_20260301T110000Z.avi")
    folder = source("folder", str(tmp_path))
    found = {r.path: r for r in recordings(city, folder, AT)}
    assert len(found) == 2
    with pytest.raises(Refused, match="recording_named"):
        fetch(found[name], folder, tmp_path)


def test_a_live_camera_is_one_recording_a_run_and_shows_no_login(city):
    live = source("rtsp", "rtsp://user:secret@camera.example/1")
    (first, second) = recordings(city, live, AT)
    assert (first.started_at, first.camera_id, second.camera_id) == (
        AT, "duomo-nord", "piazza-fiera",
    )  # fmt: skip
    assert first.key == "test-footage/duomo-nord_20260301T120000Z"
    assert "secret" not in f"{first.to_json()} {live!r}"


def test_a_live_camera_that_does_not_answer_is_refused_without_its_login(city, tmp_path):
    live = source("rtsp", "rtsp://user:secret@127.0.0.1:9/1")
    recording = next(recordings(city, live, AT))
    with pytest.raises(Refused, match="camera_answers") as refused:
        fetch(recording, live, tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("stretch_s", [9, 541])
def test_a_live_stretch_is_a_segment_at_least_and_ends_before_the_next_run(stretch_s):
    with pytest.raises(ValueError, match="stretch_s"):
        source("rtsp", "rtsp://camera.example/1", stretch_s=stretch_s)


def test_a_folder_that_is_not_there_is_named_with_its_remedy(city):
    with pytest.raises(SourceUnreadable, match=r"'test-footage': folder /nowhere .*mount it"):
        list(recordings(city, source("folder", "/nowhere"), AT))


@pytest.mark.parametrize(
    ("token", "address", "remedy"),
    [
        (None, "http://127.0.0.1:9/exports", "set EXPORTS_LOGIN"),
        ("onlyaccess", "http://127.0.0.1:9/exports", "set EXPORTS_LOGIN"),
        ("ours:hush", "http://127.0.0.1:9/exports", "does not answer"),
        ("ours:hush", "exports/cameras", "https://host:port/bucket/prefix"),
        ("ours:hush", "http://127.0.0.1:port/exports", "https://host:port/bucket/prefix"),
        ("ours:hush", "http://127.0.0.1:9/x", "https://host:port/bucket/prefix"),
        ("ours:hush", "http://127.0.0.1:9/", "https://host:port/bucket/prefix"),
    ],
)
def test_a_bucket_out_of_reach_is_named_with_its_remedy_and_no_secret(
    city, monkeypatch, token, address, remedy
):
    if token:
        monkeypatch.setenv("EXPORTS_LOGIN", token)
    exports = source("s3", address, token_variable="EXPORTS_LOGIN")
    with pytest.raises(SourceUnreadable, match=f"'test-footage': .*{remedy}") as unreadable:
        list(recordings(city, exports, AT))
    assert "hush" not in str(unreadable.value)


def test_a_bucket_without_credentials_of_its_own_is_not_read_with_ours(city):
    with pytest.raises(SourceUnreadable, match="token_variable"):
        list(recordings(city, source("s3", "http://127.0.0.1:9/exports"), AT))


@pytest.mark.parametrize(
    "recording",
    [
        Recording("s", "c", AT, "a/c_20260301T120000Z.avi", 5),
        Recording("s", "", None, "x.avi", 0),
        Recording("s", "c", AT),
    ],
    ids=["file", "badly named", "live"],
)
def test_a_recording_survives_the_way_between_two_tasks(recording):
    content = json.loads(json.dumps(recording.to_json()))
    assert Recording.from_json(content) == recording


def test_keys_of_segments_sort_by_time():
    moments = [AT + dt.timedelta(seconds=s) for s in (0, 0.5, 10, 86_400)]
    keys = [segment_key("duomo-nord", moment) for moment in moments]
    assert keys == sorted(keys)
    assert keys[1] == "footage_segment/2026-03-01/120000500000Z_duomo-nord.mkv"
