"""A source that is a bucket of the city's video system: its own login, its own errors."""

import logging

import pytest

from precrisis.file_sources.offered import SourceUnreadable
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.outcome import StepFailed
from precrisis.run import Run
from tests import clips, exports

SOURCE = "test-footage"
NAME = "duomo-nord_20260301T100000Z.avi"
FOLDER = "kind: folder\n  address: ${PRECRISIS_SAMPLES}/footage"


@pytest.fixture
def bucket(world, films):
    """The pack's source is the bucket, below rivermouth/; puts a film there under a name."""
    admin = exports.emptied(world.store.stack)
    offer_from(world, exports.BUCKET, FOLDER)
    world.set_variable("EXPORTS_LOGIN", exports.LOGIN)

    def put(name: str = NAME, film=films) -> str:
        admin.fput_object(exports.BUCKET, name, str(film))
        return f"{SOURCE}/{name.rsplit('/')[-1]} ({film.stat().st_size} bytes)"

    put.admin = admin
    return put


def address(world, bucket: str) -> str:
    place = f"{world.store.stack.url('s3')}/{bucket}/rivermouth"
    return f"kind: s3\n  token_variable: EXPORTS_LOGIN\n  address: {place}"


def offer_from(world, bucket: str, before: str) -> None:
    world.edit_pack("sources.yaml", before, address(world, bucket))


def ingest(run: Run) -> int:
    return sum(take_in(batch, run) for batch in find_recordings(SOURCE, run))


def next_run(run: Run) -> Run:
    return Run(run.dag_id, run.run_id + "-next", run.interval_start, run.interval_end)


def test_what_lies_under_the_prefix_is_taken_in_once(world, bucket, run):
    here = bucket(f"rivermouth/2026/{NAME}")
    bucket("elsewhere/duomo-nord_20260301T110000Z.avi")
    badly_named = bucket("rivermouth/holiday.avi")
    assert ingest(run) == 2
    rows = world.rows("SELECT camera_id, frame_count FROM raw.footage_segment ORDER BY started_at")
    assert [(r["camera_id"], r["frame_count"]) for r in rows] == [
        ("duomo-nord", 100),
        ("duomo-nord", 20),
    ]
    assert world.outcomes("take_in_recording") == {here: "ok", badly_named: "quarantined"}
    assert find_recordings(SOURCE, next_run(run)) == []


def test_an_object_that_was_replaced_is_taken_in_again(world, bucket, films, tmp_path, run):
    bucket(f"rivermouth/{NAME}", clips.truncated(tmp_path / "cut.avi", films))
    assert ingest(run) == 1
    whole = bucket(f"rivermouth/{NAME}")
    assert ingest(next_run(run)) == 2
    assert world.outcomes("take_in_recording")[whole] == "ok"
    assert len(world.store.keys("restricted")) == 2


@pytest.mark.parametrize("login", [f"{exports.ACCESS}:not-its-own", "nobody:not-its-own"])
def test_wrong_credentials_are_named_by_their_variable_and_stay_secret(
    world, bucket, run, caplog, login
):
    bucket(f"rivermouth/{NAME}")
    world.set_variable("EXPORTS_LOGIN", login)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceUnreadable, match=r"test-footage.*correct EXPORTS_LOGIN") as refused:
        find_recordings(SOURCE, run)
    assert world.outcomes("list_source") == {SOURCE: "failed"}
    assert "not-its-own" not in caplog.text + str(refused.value) + str(outcome_rows(world))


def outcome_rows(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.outcome")


def test_a_login_opens_no_other_bucket(world, bucket, run):
    offer_from(world, "restricted", address(world, exports.BUCKET))
    with pytest.raises(SourceUnreadable, match=r"test-footage.*correct EXPORTS_LOGIN"):
        find_recordings(SOURCE, run)


def test_a_bucket_that_is_not_there_is_named(world, bucket, run):
    identity = world.store.stack.passwords["s3:admin"]  # who may ask for any bucket
    world.set_variable("EXPORTS_LOGIN", f"admin:{identity}")
    offer_from(world, "no-such-bucket", address(world, exports.BUCKET))
    with pytest.raises(SourceUnreadable, match=r"test-footage.*no bucket 'no-such-bucket'"):
        find_recordings(SOURCE, run)


def test_an_object_that_is_gone_fails_alone_and_the_next_run_does_not_miss_it(world, bucket, run):
    gone = bucket(f"rivermouth/{NAME}")
    stays = bucket("rivermouth/duomo-nord_20260301T110000Z.avi")
    (batch,) = find_recordings(SOURCE, run)
    bucket.admin.remove_object(exports.BUCKET, f"rivermouth/{NAME}")
    with pytest.raises(StepFailed, match="1 of 2"):
        take_in(batch, run)
    assert world.outcomes("take_in_recording") == {gone: "failed", stays: "ok"}
    assert find_recordings(SOURCE, next_run(run)) == []
