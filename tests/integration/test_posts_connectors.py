"""RSS, dropped files and a Jetstream taken in: the same cuts, keys, cursors, deletions for all."""

import csv
import datetime as dt
import io
import json

import pytest

from precrisis.outcome import StepFailed
from precrisis.posts import jetstream_source
from precrisis.posts.analyse import understand_posts
from precrisis.posts.ingest import take_in_posts
from precrisis.retention.objects import delete_due, reconcile
from precrisis.retention.rows import delete_rows
from precrisis.run import Run
from tests import clips, exports
from tests.jetstream_server import streaming
from tests.news_server import publishing

FEED = "test-feed"
NOW = dt.datetime.now(dt.UTC)
MARKER = "zanzibarquokka"
COLUMNS = "{id: nr, posted_at: received, text: what, author: who, deleted: withdrawn}"


@pytest.fixture(autouse=True)
def soon_quiet(monkeypatch):
    monkeypatch.setattr(jetstream_source, "QUIET_S", 2.0)
    # Other tests may have run for half an hour since this module was read.
    monkeypatch.setitem(globals(), "NOW", dt.datetime.now(dt.UTC))


def let_source_be(world, kind: str, address: str, more: str = "") -> None:
    old = "kind: mastodon\n  address: ${PRECRISIS_FEED_URL}"
    world.feed_at("unused")
    world.edit_pack("sources.yaml", old, f"kind: {kind}\n  address: {address}\n{more}")


def after(run: Run, name: str = "next") -> Run:
    return Run(run.dag_id, f"{run.run_id}-{name}", run.interval_start, run.interval_end)


def hour_later(run: Run) -> Run:
    hour = dt.timedelta(hours=1)
    return Run("retention_enforce", f"{run.run_id}+1", run.interval_end, run.interval_end + hour)


def texts(world) -> list[str]:
    """What is kept and not due, in order."""
    rows = world.rows("SELECT object_key FROM raw.post WHERE due_at > now()")
    read = (json.loads(world.store.read("restricted", row["object_key"])) for row in rows)
    return sorted(content["text"] for content in read)


def state(world) -> tuple:
    """All that a reading leaves, but for when it was."""
    rows = world.rows("SELECT * FROM raw.post ORDER BY source, post_id_hash")
    return rows, sorted(world.store.keys("restricted"))


def detail(world) -> str:
    query = "SELECT detail FROM ops.outcome WHERE step = 'take_in_posts' ORDER BY ended_at DESC"
    return world.rows(query)[0]["detail"]


def hours_ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


def entry(name: str, title: str, at: dt.datetime) -> str:
    return (
        f"<item><guid>{name}</guid><title>{title}</title>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
    )


def rss(*entries: str) -> bytes:
    return f'<rss version="2.0"><channel>{"".join(entries)}</channel></rss>'.encode()


def write_reports(folder, name: str, *rows: tuple) -> None:
    """A settled CSV of (nr, received, what, who, withdrawn)."""
    out = io.StringIO()
    csv.writer(out).writerows([("nr", "received", "what", "who", "withdrawn"), *rows])
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(out.getvalue())
    clips.aged(folder / name)


def test_a_feed_is_taken_in_once_and_its_edits_replace(world, run):
    with publishing() as (address, news):
        let_source_be(world, "rss", address)
        first = entry("a", "Folla in piazza, scrivi a anna@example.org", hours_ago(3))
        news.body = rss(first, entry("b", "Calma", hours_ago(2)))
        assert take_in_posts(run) == 2
        before = state(world)
        assert take_in_posts(after(run)) == 0
        news.has_validators = False
        assert take_in_posts(after(run, "whole")) == 0
        assert state(world) == before
        assert texts(world) == ["Calma", "Folla in piazza, scrivi a [e-mail]"]
        news.body = rss(entry("a", "Era un petardo", hours_ago(3)))
        assert take_in_posts(after(run, "edited")) == 1
    assert texts(world) == ["Calma", "Era un petardo"]  # what is not listed any more is kept
    assert world.outcomes("take_in_posts") == {FEED: "ok"}


def test_an_entry_that_moves_to_another_day_or_week_leaves_no_earlier_wording(world, run):
    with publishing() as (address, news):
        let_source_be(world, "rss", address)
        for number, days in enumerate((9, 2, 1)):  # another week, then another day
            news.body = rss(entry("a", f"version {number}", hours_ago(24 * days)))
            assert take_in_posts(after(run, str(number))) == 1
        assert texts(world) == ["version 2"]
    soon = hour_later(run)
    assert delete_due(soon) == 2
    assert reconcile(soon) == len(world.store.keys("restricted")) == 1
    assert texts(world) == ["version 2"]


def test_a_busy_feed_is_left_alone_and_a_broken_one_fails_by_name(world, run):
    with publishing() as (address, news):
        let_source_be(world, "rss", address)
        news.body, news.status = b"<rss", 200
        with pytest.raises(StepFailed, match=rf"{FEED} \(FeedBroken\)"):
            take_in_posts(run)
        news.status, news.headers = 503, {"Retry-After": "900"}
        with pytest.raises(StepFailed, match=rf"{FEED} \(FeedBusy\)"):
            take_in_posts(after(run))
        assert take_in_posts(after(run, "too-soon")) == 0
        assert news.answered == [200, 503]
    assert "asks not to be asked before" in detail(world)


def test_reports_are_taken_in_with_their_edits_deletions_and_bad_rows(world, run):
    folder = world.samples / "reports"
    let_source_be(world, "folder", folder, f"  columns: {COLUMNS}\n")
    at = hours_ago(5).isoformat()
    rows = [("1", at, "Vetri rotti, chiamate 347 1234567", "u1", ""), ("2", at, "Buio", "u2", "")]
    write_reports(folder, "a.csv", *rows, ("3", "domani", MARKER, "u3", ""), ("4",))
    assert take_in_posts(run) == 2
    assert texts(world) == ["Buio", "Vetri rotti, chiamate [phone]"]
    assert {rule for _, rule in world.quarantined("post")} == {"no_date"}
    before = state(world)
    assert take_in_posts(after(run)) == 0
    world.rows("DELETE FROM ops.feed_cursor")
    assert take_in_posts(after(run, "anew")) == 0
    assert state(world) == before
    understand_posts(run)
    edited = ("1", at, "Vetri rotti, sistemato", "u1", "")
    write_reports(folder, "b.csv", edited, (*rows[1][:4], "x"))
    assert take_in_posts(after(run, "edited")) == 1
    assert texts(world) == ["Vetri rotti, sistemato"]
    assert "1 posts are gone at the source" in detail(world)
    soon = hour_later(run)
    assert (delete_due(soon), delete_rows(soon)) == (1, 1)
    write_reports(folder, "c.csv", *rows)
    take_in_posts(after(run, "shown-again"))
    assert texts(world) == ["Vetri rotti, chiamate [phone]"]  # what was deleted does not come back
    for table in ("ops.quarantine", "ops.outcome", "ops.feed_cursor", "ops.validation"):
        found = world.rows(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE %s", f"%{MARKER}%")
        assert found == [], table


def test_reports_lie_in_a_bucket_with_a_login_of_its_own(world, run, tmp_path):
    admin = exports.emptied(world.store.stack)
    write_reports(tmp_path / "up", "a.csv", ("1", hours_ago(1).isoformat(), "Buio", "u1", ""))
    admin.fput_object(exports.BUCKET, "reports/a.csv", str(tmp_path / "up" / "a.csv"))
    place = f"{world.store.stack.url('s3')}/{exports.BUCKET}/reports"
    more = f"  columns: {COLUMNS}\n  token_variable: EXPORTS_LOGIN\n"
    let_source_be(world, "s3", place, more)
    with pytest.raises(StepFailed, match=rf"{FEED} \(SourceUnreadable\)"):
        take_in_posts(run)
    world.set_variable("EXPORTS_LOGIN", exports.LOGIN)
    assert take_in_posts(after(run)) == 1
    assert take_in_posts(after(run, "again")) == 0
    assert texts(world) == ["Buio"]


class Told:
    """A Jetstream that tells of this city, some minutes ago."""

    def __init__(self, stream) -> None:
        self.stream = stream

    @staticmethod
    def us(minutes: float) -> int:
        return jetstream_source.in_microseconds(NOW - dt.timedelta(minutes=minutes))

    def post(self, minutes: float, text: str, rkey: str, **more) -> None:
        made_at = {"createdAt": (NOW - dt.timedelta(minutes=50)).isoformat()} | more
        self.stream.post(self.us(minutes), f"Rivermouth: {text}", rkey, **made_at)


@pytest.fixture
def told(world):
    with streaming() as (address, stream):
        let_source_be(world, "jetstream", address)
        yield Told(stream)


def test_a_stream_is_taken_in_with_its_edits_and_deletions(world, run, told):
    told.post(50, "uno", "1")
    told.post(49, "due", "2")
    told.post(48, "tre", "3", did="did:plc:bruno")
    told.post(47, "quattro", "4", did="did:plc:bruno")
    told.post(46, "uno", "1")  # told twice
    assert take_in_posts(run) == 4
    understand_posts(run)
    before = state(world)
    assert take_in_posts(after(run)) == 0
    assert state(world) == before
    told.post(20, "uno, corretto", "1", operation="update")
    told.stream.delete(told.us(19), "2")
    told.stream.account(told.us(18), "takendown", "did:plc:bruno")
    told.stream.account(told.us(17), "deleted", "did:plc:nobody")
    assert take_in_posts(after(run, "changed")) == 1
    assert texts(world) == ["Rivermouth: uno, corretto"]
    assert "3 posts are gone at the source" in detail(world)
    soon = hour_later(run)
    assert (delete_due(soon), delete_rows(soon)) == (3, 3)
    assert reconcile(soon) == 1
    assert world.rows("SELECT 1 FROM ops.deletion_receipt WHERE reason = 'deleted by author'")


def test_a_stream_that_breaks_off_or_forgets_its_cursor_ends_in_the_same_rows(world, run, told):
    for number in range(6):
        told.post(50 - number, f"post {number}", str(number))
    told.stream.breaks_off_after = 4
    with pytest.raises(StepFailed, match=rf"{FEED} \(FeedBroken\)"):
        take_in_posts(run)
    assert len(texts(world)) == 4
    told.stream.breaks_off_after = None
    assert take_in_posts(after(run)) == 2
    whole = state(world)
    world.rows("DELETE FROM ops.feed_cursor")
    assert take_in_posts(after(run, "anew")) == 0
    assert state(world) == whole


def test_what_a_stream_forgot_takes_what_is_kept_with_it(world, run, told):
    told.post(50, "uno", "1")
    take_in_posts(run)
    left = jetstream_source.Left(hours_ago(30), hours_ago(30))
    world.rows("UPDATE ops.feed_cursor SET cursor = %s", left.cursor())
    told.stream.forgets_before = told.us(20)
    told.post(10, "due", "2")
    assert take_in_posts(after(run)) == 1
    assert texts(world) == ["Rivermouth: due"]
    assert "1 gaps in what the server remembers" in detail(world)
    assert "1 posts are gone" in detail(world)
