"""Eight days of operation with the clock moved: nothing outlives its due time.

Cameras and a feed deliver every day, authors delete and edit, retention runs every sixth hour.
After each day ledger and bucket agree and the receipts verify; at the end one object is planted and
one receipt altered, and both are found.
"""

import datetime as dt
import json
import os
import shutil

import pytest

from infra.samples.feed_server import create_app, running, status_of
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings, footage_sources
from precrisis.posts.analyse import understand_posts
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.ingest import take_in_posts
from precrisis.retention.objects import LedgerMismatch, delete_due, reconcile
from precrisis.retention.receipts import broken_receipts
from precrisis.retention.rows import delete_rows
from precrisis.retention.secrets import destroy_author_secrets, turn_zone_keys
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect
from precrisis.zone_keys import ZoneKeys
from tests import clips

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
MONDAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAYS, STEP = 8, 6 * HOUR
POSTS_A_DAY = 6
FEED_RUNS = 5
LINE = {"author": 1, "language": "en", "hashtags": [], "time": "00:00", "day": 0}


class Week:
    """The platform's tasks, as their schedules would run them at the simulated time."""

    def __init__(self, world, app, film, clock_at) -> None:
        self.world, self.feed, self.film, self.clock_at = world, app.state.feed, film, clock_at
        self.requests = app.state.requests
        self.now = MONDAY
        self.deleted_at: list[dt.datetime] = []
        self.zone_keys_destroyed: list[str] = []
        self.weeks_destroyed: dict[str, dt.datetime] = {}

    def run(self, name: str) -> Run:
        return Run(name, f"{name}-{self.now:%d%H}", self.now - STEP, self.now)

    def morning(self, day: int) -> None:
        """Two recordings and some posts; of yesterday's posts one is deleted, one edited."""
        for number, camera in enumerate(("duomo-nord", "piazza-fiera")):
            start = self.now - HOUR + number * dt.timedelta(minutes=1)
            name = f"{camera}_{start:%Y%m%dT%H%M%SZ}.avi"
            copy = shutil.copy(self.film, self.world.samples / "footage" / name)
            os.utime(copy, (0, 0))  # written long ago, so whole
        before = sorted(self.feed.statuses)[-POSTS_A_DAY:]
        if day:
            del self.feed.statuses[before[0]]
            self.deleted_at.append(self.now)
            self.feed.edit(before[1], f"corrected on day {day}", self.now)
        for number in range(POSTS_A_DAY):
            self.post(100 * day + number + 1, self.now - HOUR + number * dt.timedelta(minutes=5))

    def post(self, number: int, at: dt.datetime) -> None:
        """A post of this moment, by one of four authors."""
        line = LINE | {"id": number, "author": number % 4, "text": f"square at {at:%d %H:%M}"}
        status_id = (int(at.timestamp() * 1000) << 16) + number
        changes = {"id": str(status_id), "created_at": at.isoformat()}
        self.feed.statuses[status_id] = status_of(line, at.date()) | changes

    def work(self) -> None:
        for source_id in footage_sources():
            for batch in find_recordings(source_id, self.run("footage_ingest")):
                take_in(batch, self.run("footage_ingest"))
        self.requests.clear()  # its rate limit counts real minutes
        for number in range(FEED_RUNS):  # of the many that ten minutes between them make
            take_in_posts(self.run(f"posts_ingest-{number}"))
        understand_posts(self.run("posts_analyse"))

    def enforce(self) -> None:
        run = self.run("retention_enforce")
        delete_due(run)
        delete_rows(run)
        self.zone_keys_destroyed += turn_zone_keys(run)
        for week in destroy_author_secrets(run):
            self.weeks_destroyed[week] = self.now

    def overdue(self) -> dict[str, int]:
        """What is still there though its time has come, by where it is."""
        tables = ("raw.post", "raw.post_signal", "raw.footage_segment")
        found = {
            table: self.world.rows(f"SELECT 1 FROM {table} WHERE due_at <= %s", self.now)
            for table in tables
        }
        query = "SELECT 1 FROM ops.object_ledger WHERE deleted_at IS NULL AND due_at <= %s"
        found["ops.object_ledger"] = self.world.rows(query, self.now)
        return {name: len(rows) for name, rows in found.items() if rows}

    def older_than(self, age: dt.timedelta) -> list[str]:
        """Objects in the bucket, whatever the ledger says, written longer ago than `age`."""
        query = "SELECT object_key FROM ops.object_ledger WHERE stored_at <= %s"
        old = {row["object_key"] for row in self.world.rows(query, self.now - age)}
        return sorted(old & set(self.world.store.keys("restricted")))


@pytest.fixture
def week(world, clock_at, tmp_path):
    clock_at(MONDAY)
    for zone in ("restricted", "derived"):  # made when the simulated week begins
        for suffix in ("pub", "key"):
            (settings().keys_dir / f"{zone}.{suffix}").unlink()
        ZoneKeys(settings().keys_dir, zone).make(MONDAY - HOUR)
    nothing = tmp_path / "none.jsonl"
    nothing.write_text("")
    app = create_app(nothing, MONDAY.date())
    film = clips.film(tmp_path / "short.avi", seconds=4)
    with running(app) as address:
        world.feed_at(address)
        yield Week(world, app, film, clock_at)


@pytest.mark.timeout(900)
def test_G13_a_week_of_operation_leaves_nothing_past_its_due_time(week, world):
    week.post(999, MONDAY - 30 * HOUR)  # of the ISO week before
    handled = 0
    for hours in range(0, DAYS * 24, 6):
        week.now = MONDAY + hours * HOUR
        week.clock_at(week.now)
        if hours % 24 == 12:
            week.morning(hours // 24)
        if hours % 12 == 0:
            week.work()
        week.enforce()
        assert week.overdue() == {}, week.now
        if hours % 24 == 18:
            handled += reconcile(week.run("reconcile"))
            with connect("retention") as connection:
                assert broken_receipts(connection) == []
            assert week.older_than(2 * DAY) == []  # this city keeps posts 48 h, footage 24 h
    assert handled > DAYS * POSTS_A_DAY  # each day something was there to agree about
    came = world.rows("SELECT noun, count(*) AS n FROM ops.object_ledger GROUP BY noun")
    assert {row["noun"]: row["n"] for row in came} == {
        "footage_segment": DAYS * 2,
        "post": DAYS * POSTS_A_DAY + 1,
    }
    taken_back = world.rows(
        "SELECT deleted_at FROM ops.deletion_receipt WHERE reason = 'deleted by author' "
        "ORDER BY receipt_id"
    )
    waited = [r["deleted_at"] - at for r, at in zip(taken_back, week.deleted_at, strict=True)]
    assert len(waited) == DAYS - 1
    assert max(waited) <= DAY
    edited = [
        json.loads(world.store.read("restricted", key))["text"]
        for key in world.store.keys("restricted", "post/")
    ]
    assert f"corrected on day {DAYS - 1}" in edited
    # The secret of the week before went seven days after its end, the first zone key with its last
    # object: what a backup of the first days holds can't be opened any more.
    assert week.weeks_destroyed == {"2026-W09": MONDAY + 7 * DAY}
    assert author_secrets().weeks() == ["2026-W10", "2026-W11"]
    assert len(week.zone_keys_destroyed) >= 1
    find_what_was_done_by_hand(week, world)


def find_what_was_done_by_hand(week, world) -> None:
    run = week.run("reconcile")
    reconcile(run)
    world.store.write("restricted", "post/2026-03-02/planted.json", b"nobody entered me")
    with pytest.raises(LedgerMismatch, match=r"1 objects without ledger row.*planted"):
        reconcile(run)
    world.store.remove("restricted", "post/2026-03-02/planted.json")
    reconcile(run)
    world.rows("UPDATE ops.deletion_receipt SET object_key = 'post/other' WHERE receipt_id = 5")
    with pytest.raises(LedgerMismatch, match=r"broken receipts \[5\]"):
        reconcile(run)
