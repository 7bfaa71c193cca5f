"""footage_ingest against a real warehouse and store: what a camera's export can look like."""

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

import pytest

from precrisis import store
from precrisis.file_sources.offered import SourceUnreadable
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.gate import NoBasis
from precrisis.outcome import StepFailed
from precrisis.pack.part import CityPackError
from precrisis.run import Run
from tests import clips

START = "20260301T100000Z"
SOURCE = "test-footage"


@pytest.fixture
def exported(world, films):
    """Put a file into the export folder under a camera's name; the path it got."""

    def put(source: Path = films, camera: str = "duomo-nord", start: str = START) -> Path:
        return clips.offered(source, world.samples / "footage" / f"{camera}_{start}.avi")

    return put


def key(path: Path) -> str:
    return f"{SOURCE}/{path.name} ({path.stat().st_size} bytes)"


def ingest(run: Run) -> int:
    return sum(take_in(batch, run) for batch in find_recordings(SOURCE, run))


def next_run(run: Run) -> Run:
    return Run(run.dag_id, run.run_id + "-next", run.interval_start, run.interval_end)


def stored(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.footage_segment ORDER BY camera_id, started_at")


def test_a_recording_becomes_segments_of_ten_seconds_that_follow_each_other(world, exported, run):
    exported()
    assert ingest(run) == 2
    first, second = stored(world)
    assert (first["frame_count"], second["frame_count"]) == (100, 20)
    assert first["started_at"] == dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    assert (
        first["ended_at"] == second["started_at"] == first["started_at"] + dt.timedelta(seconds=10)
    )
    assert world.store.keys("restricted") == [first["object_key"], second["object_key"]]
    kept_for = first["due_at"] - first["loaded_at"]
    assert abs(kept_for - dt.timedelta(hours=24)) < dt.timedelta(minutes=5)  # the pack's register


def test_stored_objects_hold_no_sound(world, exported, tmp_path, run):
    exported(clips.film_with_sound(tmp_path / "sound.avi"))
    assert ingest(run) == 2
    for key in world.store.keys("restricted"):
        piece = tmp_path / "piece.mkv"
        piece.write_bytes(world.store.read("restricted", key))
        probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0"]
        streams = subprocess.run([*probe, str(piece)], capture_output=True, text=True, check=True)
        assert streams.stdout.split() == ["video"]


UNUSABLE = {
    "empty": ("file_not_empty", lambda path, whole: path.write_bytes(b"")),
    "no video": ("video_readable", lambda path, whole: path.write_text("minutes of a meeting\n")),
    "zero length": ("has_frames", clips.header_alone),
    "unknown codec": ("has_video", clips.of_unknown_codec),
    "sound alone": ("has_video", lambda path, whole: clips.sound_alone(path)),
    "16000 px wide": (
        "size_plausible",
        lambda path, whole: clips.film(path, seconds=0.2, size="16000x16"),
    ),
    "8200 px wide": (
        "size_plausible",
        lambda path, whole: clips.film(path, seconds=0.2, size="8200x64"),
    ),
    "8 px wide": (
        "segments_plausible",
        lambda path, whole: clips.film(path, seconds=0.2, size="8x8"),
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_is_quarantined_and_its_batch_goes_on(
    world, exported, films, tmp_path, run, name
):
    rule, make = UNUSABLE[name]
    make(tmp_path / "bad.avi", films)
    bad = key(exported(tmp_path / "bad.avi", start="20260301T090000Z"))
    good = key(exported())
    assert ingest(run) == 2
    assert world.outcomes("take_in_recording") == {bad: "quarantined", good: "ok"}
    assert (bad, rule) in world.quarantined("footage_segment")
    assert {row["started_at"].hour for row in stored(world)} == {10}
    assert find_recordings(SOURCE, next_run(run)) == []  # a bad file is not tried for ever


def test_a_playlist_named_like_a_film_opens_no_other_file(world, exported, films, run):
    clips.offered(films, world.samples / "other.avi")
    target = world.samples / "footage" / f"duomo-nord_{START}.mkv"
    target.write_text("ffconcat version 1.0\nfile ../other.avi\n")
    clips.aged(target)
    assert ingest(run) == 0
    assert world.quarantined("footage_segment") == {(key(target), "video_readable")}
    assert world.store.keys("restricted") == []


def test_of_a_truncated_file_the_good_part_is_stored_and_the_loss_is_said(
    world, exported, films, tmp_path, run
):
    cut = exported(clips.truncated(tmp_path / "cut.avi", films))
    assert ingest(run) == 1
    (row,) = stored(world)
    assert 0 < row["frame_count"] < 60
    assert world.quarantined("footage_segment") == {(key(cut), "recording_whole")}
    (outcome,) = world.rows("SELECT * FROM ops.outcome WHERE step = 'take_in_recording'")
    assert outcome["status"] == "ok"
    assert "4.6 of 6.0 s can be read" in outcome["detail"]


@pytest.mark.parametrize("broken", ["partly stored", "refused"])
def test_a_broken_file_that_is_replaced_by_the_whole_is_taken_in(
    world, exported, films, tmp_path, run, broken
):
    share, status = {"partly stored": (0.5, "ok"), "refused": (0.0001, "quarantined")}[broken]
    cut = key(exported(clips.truncated(tmp_path / "cut.avi", films, share)))
    ingest(run)
    assert world.outcomes("take_in_recording") == {cut: status}
    assert find_recordings(SOURCE, next_run(run)) == []
    exported()
    assert ingest(next_run(run)) == 2
    first, second = stored(world)
    assert (first["frame_count"], second["frame_count"]) == (100, 20)
    assert world.store.keys("restricted") == [first["object_key"], second["object_key"]]
    for row in (first, second):
        content = store.get("analysis", "restricted", row["object_key"])
        assert hashlib.sha256(content).hexdigest() == row["sha256"]


@pytest.mark.parametrize(("codec", "extra"), [("zmbv", ""), ("libx264", "-g 1000 -bf 0")])
def test_an_uncommon_codec_or_rare_keyframes_still_give_segments(
    world, exported, tmp_path, run, codec, extra
):
    exported(clips.film(tmp_path / "odd.avi", seconds=22, codec=codec, extra=extra))
    assert ingest(run) == 3
    assert sum(row["frame_count"] for row in stored(world)) == 220


def test_an_unknown_camera_and_a_bad_name_are_quarantined_and_the_rest_goes_on(
    world, exported, films, run
):
    exported()
    unknown = exported(camera="not-a-camera")
    folder = world.samples / "footage"
    holiday = clips.offered(films, folder / "holiday film.avi")
    undated = clips.offered(films, folder / "duomo-nord_20261332T250000Z.avi")
    assert ingest(run) == 2
    assert world.quarantined("footage_segment") == {
        (key(unknown), "camera_known"),
        (key(holiday), "recording_named"),
        (key(undated), "recording_named"),
    }
    assert {row["camera_id"] for row in stored(world)} == {"duomo-nord"}


def test_a_second_run_finds_nothing_new_and_a_forced_repeat_changes_nothing(world, exported, run):
    exported()
    batches = find_recordings(SOURCE, run)
    for batch in batches:
        take_in(batch, run)
    before = stored(world)
    objects = {key: world.store.read("restricted", key) for key in world.store.keys("restricted")}
    assert find_recordings(SOURCE, next_run(run)) == []
    for batch in batches:
        take_in(batch, next_run(run))
    assert stored(world) == before  # loaded_at too: nothing was written
    assert {k: world.store.read("restricted", k) for k in world.store.keys("restricted")} == objects
    (ledger,) = world.rows("SELECT count(*) AS n FROM ops.object_ledger")
    assert ledger["n"] == 2


def test_a_store_that_is_down_fails_the_step_and_the_next_run_heals(world, exported, run):
    recording = key(exported())
    batches = find_recordings(SOURCE, run)
    world.store.stop()
    try:
        with pytest.raises(StepFailed, match=f"duomo-nord_{START}.avi"):
            take_in(batches[0], run)
    finally:
        world.store.start()
    assert world.outcomes("take_in_recording") == {recording: "failed"}
    assert stored(world) == []
    assert ingest(next_run(run)) == 2
    assert world.outcomes("take_in_recording") == {recording: "ok"}
    assert len(world.store.keys("restricted")) == 2


EXPIRED = ("valid_until: 2035-12-31", "valid_until: 2021-01-31")


def end_basis(world, purpose: str, old: str, new: str) -> None:
    """Change the register's entry of one purpose."""
    file = world.pack / "register.yaml"
    before, entry = file.read_text().split(f"- purpose_id: {purpose}", 1)
    assert old in entry
    file.write_text(before + f"- purpose_id: {purpose}" + entry.replace(old, new, 1))
    world.edit_pack("city.yaml", "name: Rivermouth\n", "name: Rivermouth\n")  # read anew


@pytest.mark.parametrize(
    "change",
    [
        EXPIRED,
        ("approved_on: 2020-01-15", "approved_on: 2034-01-15"),
        (
            "retention_hours: 24",
            "retention_hours: 24\n    objections: [{reference: case 12, raised_by: authority, "
            "raised_on: 2026-01-01}]",
        ),
    ],
    ids=["expired", "not yet assessed", "objection"],
)
def test_without_a_basis_nothing_is_read_and_nothing_is_stored(world, exported, run, change):
    exported()
    batches = find_recordings(SOURCE, run)
    end_basis(world, "footage", *change)
    with pytest.raises(NoBasis, match="footage"):
        find_recordings(SOURCE, run)
    assert world.outcomes("list_source") == {SOURCE: "failed"}
    with pytest.raises(StepFailed, match="NoBasis"):  # nor where the list was made before
        take_in(batches[0], run)
    assert (world.store.keys("restricted"), stored(world)) == ([], [])
    assert world.rows("SELECT 1 FROM ops.object_ledger") == []


def test_a_purpose_that_the_register_does_not_have_stops_the_run(world, exported, run):
    exported()
    world.edit_pack("register.yaml", "purpose_id: footage", "purpose_id: another")
    with pytest.raises(CityPackError, match="no purpose 'footage'"):
        find_recordings(SOURCE, run)


def test_a_folder_that_is_not_mounted_is_named_and_has_an_outcome(world, run):
    (world.samples / "footage").rmdir()
    with pytest.raises(SourceUnreadable, match=r"test-footage.*mount it"):
        find_recordings(SOURCE, run)
    (outcome,) = world.rows("SELECT * FROM ops.outcome WHERE step = 'list_source'")
    assert (outcome["status"], outcome["detail"]) == ("failed", "SourceUnreadable")


def test_a_listing_counts_what_is_offered_and_what_is_new(world, exported, run):
    exported()
    ingest(run)
    exported(start="20260301T110000Z")
    assert len(find_recordings(SOURCE, next_run(run))) == 1
    rows = world.rows(
        "SELECT status, rows_in, rows_out FROM ops.outcome WHERE step = 'list_source'"
        " ORDER BY ended_at"
    )
    assert [tuple(row.values()) for row in rows] == [("ok", 1, 1), ("ok", 2, 1)]


def test_a_file_that_is_still_being_written_waits_for_the_next_run(world, exported, films, run):
    growing = exported(clips.truncated(world.samples / "half.avi", films))
    growing.touch()
    assert ingest(run) == 0
    assert world.rows("SELECT 1 FROM ops.quarantine") == []
    exported()
    assert ingest(next_run(run)) == 2
    assert set(world.outcomes("take_in_recording")) == {key(growing)}
