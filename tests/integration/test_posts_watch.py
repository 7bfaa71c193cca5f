"""Near real time: posts become signals while their source goes on, and both DAGs lose nothing."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra.samples.feed_server import Failure, create_app, running
from infra.stack.layout import ROOT
from precrisis.posts import watch_analyst
from precrisis.posts.analyse import understand_posts
from precrisis.posts.cursors import alone
from precrisis.posts.ingest import take_in_posts
from precrisis.posts.jetstream_events import in_microseconds
from precrisis.posts.watch import ALIVE, Watch
from precrisis.posts.watch_reader import continuous_sources
from precrisis.settings import settings
from precrisis.warehouse import connect
from tests.jetstream_server import Jetstream, streaming
from tests.waiting import at_work, until

FEED = "test-feed"
MARKER = "zanzibarquokka"
HERE = f"Tanta gente in piazza Duomo a Rivermouth, {MARKER}"


def be_continuous(world, kind: str, address: str, more: str = "") -> None:
    """Let the pack's feed be of this kind, read without a break."""
    old = "kind: mastodon\n  address: ${PRECRISIS_FEED_URL}"
    world.edit_pack("sources.yaml", old, f"kind: {kind}\n  address: {address}\n  {more}")
    world.edit_pack("sources.yaml", "retention_hours: 50", "retention_hours: 50\n    poll_s: 1")


@pytest.fixture
def stream(world):
    """An open Jetstream that is the pack's feed."""
    with streaming() as (address, stream):
        stream.stays_open = True
        world.feed_at("unused")
        be_continuous(world, "jetstream", address, "is_continuous: true")
        yield stream


def watching(**named):
    return at_work(Watch(**{"look_s": 0.2, "tell_s": 1.0, **named}))


def say(stream: Jetstream, rkey: str, text: str = HERE, operation: str = "create") -> None:
    now = dt.datetime.now(dt.UTC)
    made_at = now.isoformat().replace("+00:00", "Z")
    stream.post(in_microseconds(now), text, rkey, operation=operation, createdAt=made_at)


def toot(feed, number: int) -> None:
    feed.tell({"id": number, "author": 7, "language": "it", "hashtags": [], "text": HERE})


def posts(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.post ORDER BY post_id_hash")


def signals(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.post_signal ORDER BY post_id_hash")


def kept(world) -> tuple[list[dict], list[dict], list[str]]:
    return posts(world), signals(world), sorted(world.store.keys("restricted"))


def test_posts_of_a_stream_become_signals_while_it_is_open(world, stream, run):
    with watching():
        for number in range(3):
            say(stream, f"first-{number}")
        until(lambda: len(signals(world)) == 3)
        say(stream, "second")
        say(stream, "elsewhere", "Piazza Duomo a Milano")
        until(lambda: len(signals(world)) == 4)
        assert len(stream.asked) == 1  # one connection
    before = kept(world)
    assert {row["post_id_hash"] for row in before[0]} == {r["post_id_hash"] for r in before[1]}
    places = {link["place_id"] for row in before[1] for link in row["place_links"]}
    assert places == {"town-square"}
    assert (take_in_posts(run), understand_posts(run)) == (0, 0)
    assert kept(world) == before


def test_what_was_done_stands_in_outcomes_and_log_and_no_text_does(world, stream):
    with watching():
        say(stream, "1")
        until(lambda: signals(world))
    rows = world.rows("SELECT * FROM ops.outcome ORDER BY step")
    told = [(r["step"], r["item_key"], r["status"], r["rows_in"], r["rows_out"]) for r in rows]
    assert told == [
        ("take_in_posts", FEED, "ok", 1, 1), ("understand_posts", FEED, "ok", 1, 1),
    ]  # fmt: skip
    assert {(r["dag_id"], r["run_id"][:6]) for r in rows} == {("posts_watch", "live__")}
    logged = world.rows("SELECT action, subject, facts FROM ops.audit_log")
    assert {(r["action"], r["subject"]) for r in logged} == {
        ("run_allowed", FEED), ("run_done", "take_in_posts"), ("run_done", "understand_posts"),
    }  # fmt: skip
    (done,) = (r for r in logged if r["subject"] == "understand_posts")
    assert done["facts"]["model"].startswith("posts")
    tables = ("ops.outcome", "ops.audit_log", "ops.quarantine", "ops.validation", "raw.post")
    for table in tables:
        found = world.rows(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE '%{MARKER}%'")
        assert found == [], table


def test_an_edit_is_read_anew_and_a_deletion_told_by_the_stream_is_due_at_once(world, stream):
    with watching():
        say(stream, "edited")
        say(stream, "deleted")
        first = until(lambda: len(signals(world)) == 2 and signals(world))
        say(stream, "edited", "Ordine e calma a Rivermouth, tutti a casa", "update")
        until(lambda: {r["themes"]["calm"] for r in signals(world)}
              != {r["themes"]["calm"] for r in first})  # fmt: skip
        stream.delete(in_microseconds(dt.datetime.now(dt.UTC)), "deleted")
        due = "SELECT 1 FROM raw.{} WHERE due_at <= now()"
        until(lambda: world.rows(due.format("post")) and world.rows(due.format("post_signal")))
    assert len(world.rows(due.format("post_signal"))) == 1


def test_an_objection_ends_a_stream_that_is_open(world, stream):
    with watching():
        say(stream, "before")
        until(lambda: signals(world))
        objection = "objections: [{reference: '12', raised_by: authority, raised_on: 2026-01-01}]\n"
        file = world.pack / "register.yaml"
        head, voice = file.read_text().split("- purpose_id: voice\n")
        voice = voice.replace("mode: statistics\n", f"mode: statistics\n    {objection}", 1)
        file.write_text(f"{head}- purpose_id: voice\n{voice}")
        until(lambda: world.rows("SELECT 1 FROM ops.audit_log WHERE action = 'run_refused'"))
        say(stream, "after")
        time.sleep(3)
        assert len(posts(world)) == len(signals(world)) == 1
    (outcome,) = world.rows("SELECT status, detail FROM ops.outcome WHERE step = 'take_in_posts'")
    assert outcome == {"status": "failed", "detail": "NoBasis"}


def test_a_killed_watch_leaves_what_the_dags_complete_to_the_same_rows(world, stream, run):
    settings().state.mkdir(exist_ok=True)
    ours = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
    child = subprocess.Popen([sys.executable, "-m", "precrisis.posts.watch"], cwd=ROOT, env=ours)
    try:
        for number in range(40):
            say(stream, str(number))
        until(lambda: signals(world))
        for number in range(40, 60):
            say(stream, str(number))
        time.sleep(0.5)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    take_in_posts(run)
    understand_posts(run)
    complete = kept(world)
    assert [len(rows) for rows in complete] == [60, 60, 60]
    with watching(tell_s=3600):  # and the program that is started anew repeats without a trace
        until(lambda: len(stream.asked) == 3)
        say(stream, "last")
        until(lambda: len(signals(world)) == 61)
    hashes = {row["post_id_hash"] for row in complete[0]}
    again = [[r for r in rows if r["post_id_hash"] in hashes] for rows in kept(world)[:2]]
    assert again == list(complete[:2])
    assert world.quarantined("post") | world.quarantined("post_signal") == set()


def test_what_it_can_not_keep_up_with_is_left_to_the_batch_and_said(
    world, stream, run, monkeypatch
):
    monkeypatch.setattr(watch_analyst, "MOST_WAITING", 3)
    is_warm = threading.Event()
    monkeypatch.setattr(watch_analyst, "warm_up", lambda: is_warm.wait(120))
    with watching() as watch:
        for number in range(6):
            say(stream, str(number))
            until(lambda n=number: watch._analyst._waiting.qsize() == n + 1)
        is_warm.set()
        until(lambda: len(signals(world)) == 3)
    detail = "SELECT detail FROM ops.outcome WHERE step = 'understand_posts'"
    assert world.rows(detail) == [{"detail": f"3 {watch_analyst.LEFT}"}]
    assert understand_posts(run) == 3


def test_where_the_model_can_not_be_loaded_it_is_tried_again(world, stream, monkeypatch, caplog):
    tries = iter([OSError("no weights"), None, None])

    def warm_up() -> None:
        if failure := next(tries):
            raise failure

    monkeypatch.setattr(watch_analyst, "warm_up", warm_up)
    with watching():
        say(stream, "1")
        until(lambda: signals(world))
    assert "not done; tried again" in caplog.text


def test_a_server_is_asked_at_the_pace_of_its_terms_and_left_alone_when_it_is_busy(world):
    app = create_app(Path(os.devnull), dt.date.today())
    with running(app) as address:
        world.feed_at(address)
        be_continuous(world, "mastodon", address, "is_continuous: true")
        feed, asked = app.state.feed, []
        page = feed.page
        feed.page = lambda *a, **n: asked.append(time.monotonic()) or page(*a, **n)
        toot(feed, 1)
        with watching():
            until(lambda: len(signals(world)) == 1)
            toot(feed, 2)
            until(lambda: len(signals(world)) == 2)
            feed.failures.append(Failure(kind="429", retry_after_s=3_000))
            until(lambda: world.rows("SELECT 1 FROM ops.feed_cursor WHERE wait_until > now()"))
            count = len(asked)
            time.sleep(3)
            assert len(asked) == count
    # One a second, and one more after each of the two posts.
    assert len(asked) <= asked[-1] - asked[0] + 1 + 2


def test_a_source_has_one_reader_at_a_time(world):
    order = []

    def second() -> None:
        with connect("ingest") as connection, alone(connection, FEED):
            order.append("second")

    with connect("ingest") as connection:
        with alone(connection, FEED):
            with connect("ingest") as other, alone(other, "another-feed"):
                order.append("another")
            thread = threading.Thread(target=second)
            thread.start()
            time.sleep(0.5)
            order.append("first")
        thread.join(timeout=10)
    assert order == ["another", "first", "second"]


def test_without_a_continuous_source_it_idles_and_shows_that_it_lives(world):
    assert continuous_sources() == []
    with watching() as watch:
        until((settings().state / ALIVE).exists)
        assert watch._threads == {}
