"""Footage and posts lie sealed on the store's disk; who may only write has nothing to read with."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from infra.samples.feed_server import create_app, running
from precrisis import store
from precrisis.outcome import StepFailed
from precrisis.posts.analyse import understand_posts
from precrisis.posts.ingest import take_in_posts
from precrisis.retention.secrets import turn_zone_keys
from precrisis.run import Run
from precrisis.secret_files import SecretUnusable
from precrisis.settings import settings
from precrisis.warehouse import connect
from precrisis.zone_keys import HEADER, WrongKey, ZoneKeys

DAY = dt.timedelta(days=1)
KEY = "footage_segment/2026-03-01/a.mkv"
MARKER = b"zanzibarquokka walks over the square at noon, then at one, then at two"
SLICE = 16


def put(bucket: str = "restricted", key: str = KEY, content: bytes = MARKER):
    identity = {"restricted": "ingest", "derived": "analysis", "published": "publish"}[bucket]
    with connect("analysis") as connection:
        return store.put(connection, identity, bucket, key, content, noun="test", retention=3 * DAY)


def sample_feed():
    """The sample posts, all of them past."""
    return create_app(anchor=dt.datetime.now(dt.UTC).date() - 2 * DAY)


def ledger(world, key: str = KEY) -> dict:
    (row,) = world.rows("SELECT * FROM ops.object_ledger WHERE object_key = %s", key)
    return row


def on_disk(world, content: bytes) -> list[str]:
    """Files of the store's data folder that hold any slice of the content."""
    slices = {content[i : i + SLICE] for i in range(0, len(content) - SLICE, SLICE // 2)}
    files = [p for p in (world.store.stack.state / "weed" / "data").rglob("*") if p.is_file()]
    assert files
    return [file.name for file in files if any(s in file.read_bytes() for s in slices)]


def keys(zone: str = "restricted") -> ZoneKeys:
    return ZoneKeys(settings().keys_dir, zone)


@pytest.mark.parametrize("bucket", ["restricted", "derived"])
def test_no_slice_of_what_is_stored_in_a_zone_of_people_s_data_is_on_disk(world, bucket):
    put(bucket)
    assert on_disk(world, MARKER) == []
    assert world.store.stored(bucket, KEY).startswith(HEADER)
    assert store.get("analysis", bucket, KEY) == MARKER


def test_the_search_finds_what_is_published_as_it_is(world):
    """Else the test above would pass by looking in the wrong place."""
    content = MARKER[::-1]
    put("published", content=content)
    assert on_disk(world, content) != []
    assert world.store.stored("published", KEY) == content
    assert ledger(world)["key_id"] == ""


def test_texts_of_posts_are_not_on_disk_after_a_real_run(world, run):
    with running(sample_feed()) as address:
        world.feed_at(address)
        take_in_posts(run)
    stored = [world.store.read("restricted", key) for key in world.store.keys("restricted")]
    texts = [json.loads(content)["text"].encode() for content in stored]
    assert len(texts) > 200
    assert on_disk(world, b"\n".join(sorted(texts, key=len)[-50:])) == []


def test_the_keys_lie_outside_the_store_s_data(world):
    data = world.store.stack.state / "weed"
    assert data not in settings().keys_dir.parents
    identity = keys().identity_file.read_bytes().splitlines()[-1]
    assert not [p for p in data.rglob("*") if p.is_file() and identity in p.read_bytes()]


def test_a_process_without_the_identity_writes_and_can_t_read(world, tmp_path):
    public_only = tmp_path / "public-only"
    public_only.mkdir()
    shutil.copy(keys().public_file, public_only)
    whole = settings().keys_dir
    use_keys(world, public_only)
    put()
    with pytest.raises(SecretUnusable, match=r"restricted\.key is missing"):
        store.get("analysis", "restricted", KEY)
    use_keys(world, whole)
    assert store.get("analysis", "restricted", KEY) == MARKER


def use_keys(world, folder: Path) -> None:
    world.set_variable("PRECRISIS_KEYS_DIR", str(folder))
    settings.cache_clear()


def test_with_another_key_an_object_is_named_and_the_remedy_too(world, tmp_path):
    put()
    use_keys(world, tmp_path / "others")
    keys().make(dt.datetime.now(dt.UTC))
    says = f"restricted/{KEY} can't be opened: sealed to a key.*PRECRISIS_KEYS_DIR"
    with pytest.raises(WrongKey, match=says):
        store.get("analysis", "restricted", KEY)


def test_with_another_key_posts_wait_and_are_not_quarantined(world, tmp_path, run):
    """A wrong folder of keys is a fault of set-up that a retry cures, not of a post."""
    with running(sample_feed()) as address:
        world.feed_at(address)
        take_in_posts(run)
    right = settings().keys_dir
    use_keys(world, tmp_path / "others")
    keys().make(dt.datetime.now(dt.UTC))
    with pytest.raises(StepFailed, match="WrongKey"):
        understand_posts(run)
    assert world.quarantined("post_signal") == set()
    use_keys(world, right)
    assert understand_posts(run) > 200


def test_nothing_is_written_without_a_public_key_and_nothing_entered(world):
    keys().public_file.unlink()
    with pytest.raises(SecretUnusable, match=r"restricted\.pub is missing"):
        put()
    assert world.store.keys("restricted") == []
    assert world.rows("SELECT 1 FROM ops.object_ledger") == []


def test_a_repeat_writes_other_bytes_and_the_same_row(world):
    put()
    bytes_before, row_before = world.store.stored("restricted", KEY), ledger(world)
    put()
    assert world.store.stored("restricted", KEY) != bytes_before
    assert ledger(world) == row_before


def test_keys_turn_each_week_and_an_old_one_lives_as_long_as_its_last_object(world, run, clock_at):
    start = keys().made_at()
    put()
    first = ledger(world)["key_id"]
    assert first
    clock_at(start + 6 * DAY)
    assert turn_zone_keys(run) == []
    assert ledger(world)["key_id"] == first
    clock_at(start + 8 * DAY)
    idle = ZoneKeys(settings().keys_dir, "derived").seal(b"")[1]
    assert turn_zone_keys(run) == []
    put(key="footage_segment/b")
    assert ledger(world, "footage_segment/b")["key_id"] != first
    assert store.get("analysis", "restricted", KEY) == MARKER
    backup = world.store.stored("restricted", KEY)
    clock_at(start + 9 * DAY)
    assert turn_zone_keys(run) == [idle]  # the other zone has no object at all
    world.rows("UPDATE ops.object_ledger SET deleted_at = now() WHERE object_key = %s", KEY)
    assert turn_zone_keys(later(run)) == [first]
    with pytest.raises(WrongKey):
        keys().open(backup)  # shredded, wherever a copy of the object may lie
    assert store.get("analysis", "restricted", "footage_segment/b") == MARKER
    (outcome,) = world.rows(
        "SELECT detail FROM ops.outcome WHERE step = 'turn_zone_keys' AND item_key = 'restricted' "
        "AND rows_out = 1"
    )
    assert outcome["detail"] == f"destroyed: {first}"


def later(run: Run) -> Run:
    return Run(run.dag_id, run.run_id + "-later", run.interval_start, run.interval_end)
