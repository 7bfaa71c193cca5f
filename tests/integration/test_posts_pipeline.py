"""posts_ingest and posts_analyse against a failing feed, a real warehouse and a real store."""

import datetime as dt
import json
import logging
from contextlib import contextmanager

import pytest

from infra.samples.feed_server import POSTS, Failure, create_app, running
from precrisis.outcome import StepFailed
from precrisis.posts.analyse import understand_posts
from precrisis.posts.ingest import take_in_posts
from precrisis.retention import delete_due
from precrisis.run import Run
from precrisis.store import client

ANCHOR = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=2)
FEED = "test-feed"
POST = {"id": 9_000, "author": 91, "day": 0, "time": "21:00", "language": "en", "hashtags": []}
# Words that stand in planted texts and must be found nowhere but in the restricted bucket.
MARKER = "zanzibarquokka"


@contextmanager
def serving(world, tmp_path, texts: list[str] | None = None, token: str | None = None):
    """A feed with these posts (the whole sample without), named in the city pack."""
    posts = POSTS
    if texts is not None:
        posts = tmp_path / "posts.jsonl"
        lines = [
            POST | {"id": n, "author": n, "time": f"20:{n:02}", "text": text}
            for n, text in enumerate(texts, start=1)
        ]
        posts.write_text("\n".join(json.dumps(line) for line in lines))
    app = create_app(posts, ANCHOR, token)
    with running(app) as address:
        world.feed_at(address)
        yield app.state.feed


def after(run: Run, name: str = "next") -> Run:
    return Run(run.dag_id, f"{run.run_id}-{name}", run.interval_start, run.interval_end)


def posts(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.post ORDER BY post_id_hash")


def signals(world) -> dict[str, dict]:
    rows = world.rows("SELECT * FROM raw.post_signal")
    return {row["post_id_hash"]: row for row in rows}


def cursor(world) -> list[str]:
    return [row["cursor"] for row in world.rows("SELECT cursor FROM ops.feed_cursor")]


def fail_from(feed, call: int, failure: Failure) -> None:
    """Let the feed fail at its `call`-th page and after, as often as the failure says."""
    page, calls = feed.page, iter(range(1, 10_000))

    def counted(*arguments, **named):
        if next(calls) == call:
            feed.failures.append(failure)
        return page(*arguments, **named)

    feed.page = counted


def test_posts_are_understood_once_and_linked_to_this_city_s_places(world, tmp_path, run):
    sample = [json.loads(line) for line in POSTS.read_text().splitlines()]
    places = ("piazza-duomo", "piazza-fiera", "parco-albere", "via-roma")
    chosen = [p["text"] for place in places for p in sample if p["label_place"] == place][::6]
    with serving(world, tmp_path, chosen):
        take_in_posts(run)
    assert understand_posts(run) == len(chosen)
    first = signals(world)
    assert set(first) == {row["post_id_hash"] for row in posts(world)}
    assert understand_posts(after(run)) == 0
    assert signals(world) == first
    linked = {link["place_id"] for row in first.values() for link in row["place_links"]}
    assert linked == {"town-square", "market-square", "river-park"}


def test_the_whole_sample_is_taken_in_once(world, tmp_path, run):
    with serving(world, tmp_path) as feed:
        assert take_in_posts(run) == len(feed.statuses)
        stored, objects = posts(world), world.store.keys("restricted")
        assert take_in_posts(after(run)) == 0
    assert world.outcomes("take_in_posts") == {FEED: "unchanged"}
    assert (posts(world), world.store.keys("restricted")) == (stored, objects)
    kept_for = {row["due_at"] - row["collected_at"] for row in stored}
    assert max(kept_for) < dt.timedelta(hours=48, minutes=1)  # this city's register


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(kind="401"), "FeedRefused"),
        (Failure(kind="403"), "FeedRefused"),
        (Failure(kind="429", retry_after_s=3600), "FeedBusy"),
        (Failure(kind="500"), "FeedBroken"),
        (Failure(kind="503"), "FeedBroken"),
        (Failure(kind="cut_json"), "FeedBroken"),
        (Failure(kind="html"), "FeedBroken"),
    ],
    ids=lambda value: value.kind if isinstance(value, Failure) else value,
)
def test_pages_before_a_failure_are_safe_and_the_next_run_takes_the_rest(
    world, tmp_path, run, failure, error
):
    texts = [f"post number {n} in the square" for n in range(1, 46)]
    with serving(world, tmp_path, texts) as feed:
        fail_from(feed, 2, failure)
        with pytest.raises(StepFailed, match=f"{FEED} \\({error}\\)"):
            take_in_posts(run)
        assert world.outcomes("take_in_posts") == {FEED: "failed"}
        assert len(posts(world)) == 40
        (position,) = cursor(world)
        ids = sorted(feed.statuses)
        assert json.loads(position) == {"public": str(ids[39])}
        assert take_in_posts(after(run)) == 5
    assert len(posts(world)) == 45
    assert world.outcomes("take_in_posts") == {FEED: "ok"}


def test_a_short_wait_that_the_feed_asks_for_is_waited(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]) as feed:
        feed.failures.append(Failure(kind="429", retry_after_s=1))
        assert take_in_posts(run) == 1
    assert world.outcomes("take_in_posts") == {FEED: "ok"}


def test_a_feed_that_refuses_at_once_moves_no_cursor(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"], token="secret"), pytest.raises(StepFailed):
        take_in_posts(run)
    assert (cursor(world), posts(world), world.store.keys("restricted")) == ([], [], [])


def test_the_cursor_stays_until_the_page_is_in_the_store(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]):
        world.set_variable("PRECRISIS_S3_ENDPOINT", "127.0.0.1:9")
        world.edit_pack("city.yaml", "country: PT", "country: PT")  # read settings anew
        with pytest.raises(StepFailed):
            take_in_posts(run)
        assert (cursor(world), posts(world)) == ([], [])
        endpoint = f"127.0.0.1:{world.store.stack.port('s3')}"
        world.set_variable("PRECRISIS_S3_ENDPOINT", endpoint)
        world.edit_pack("city.yaml", "country: PT", "country: PT")
        assert take_in_posts(after(run)) == 1
    assert world.outcomes("take_in_posts") == {FEED: "ok"}


def test_posts_that_come_twice_on_a_page_are_stored_once(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square", "good morning"]) as feed:
        feed.repeats_posts = True
        assert take_in_posts(run) == 2
    assert len(posts(world)) == 2


def test_of_an_edited_post_the_signal_is_replaced(world, tmp_path, run):
    texts = ["A quiet evening in Market Square", "Nice light in River Park"]
    with serving(world, tmp_path, texts) as feed:
        take_in_posts(run)
        understand_posts(run)
        before = signals(world)
        edited = max(feed.statuses)
        feed.edit(edited, "Panic in Town Square, people are running", dt.datetime.now(dt.UTC))
        assert take_in_posts(after(run)) == 1
        assert understand_posts(after(run)) == 1
    now = signals(world)
    assert set(now) == set(before)
    (changed,) = [key for key in now if now[key] != before[key]]
    assert [link["place_id"] for link in before[changed]["place_links"]] == ["river-park"]
    assert [link["place_id"] for link in now[changed]["place_links"]] == ["town-square"]
    assert len(posts(world)) == 2


def test_posts_deleted_when_due_do_not_come_back_from_a_quiet_feed(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]):
        take_in_posts(run)
        later = Run("test", "much-later", run.interval_end, run.interval_end + dt.timedelta(days=4))
        assert delete_due(later) == 1
        assert take_in_posts(after(run)) == 0
    assert (posts(world), world.store.keys("restricted")) == ([], [])


def test_unusable_posts_are_quarantined_without_their_text_and_the_page_goes_on(
    world, tmp_path, run, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    with serving(world, tmp_path, ["hello square"]) as feed:
        odd = {
            "text_too_large": ({"id": 9_001, "text": f"{MARKER} " + "x" * 100_000}, {}),
            "no_author": ({"id": 9_002, "text": f"{MARKER} nobody"}, {"account": None}),
            "no_date": ({"id": 9_003, "text": f"{MARKER} whenever"}, {"created_at": None}),
            "empty_text": ({"id": 9_004, "text": "!!!"}, {}),
            "not_public": ({"id": 9_005, "text": f"{MARKER} private"}, {"visibility": "direct"}),
            "no_id": ({"id": 9_006, "text": f"{MARKER} nameless"}, {"id": None}),
        }
        for content, changes in odd.values():
            feed.add(POST | content, ANCHOR, **changes)
        controls = f"{MARKER} \x00\x07\u202eTown Square\x1b[31m"
        feed.add(POST | {"id": 9_007, "text": controls}, ANCHOR)
        assert take_in_posts(run) == 2
    assert {rule for _, rule in world.quarantined("post")} == set(odd)
    understand_posts(run)
    assert len(signals(world)) == 2
    where = ("ops.quarantine", "ops.validation", "ops.outcome", "raw.post", "raw.post_signal")
    for table in where:
        found = world.rows(
            f"SELECT count(*) AS n FROM {table} AS t WHERE t::text LIKE %s", f"%{MARKER}%"
        )
        assert found == [{"n": 0}], table
    printed = capsys.readouterr()
    assert MARKER not in caplog.text + printed.out + printed.err
    texts = b"".join(world.store.read("restricted", k) for k in world.store.keys("restricted"))
    assert texts.count(MARKER.encode()) == 1  # the marker itself can be found where it belongs


def test_a_failure_with_posts_in_its_answer_logs_no_text(world, tmp_path, run, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(world, tmp_path, [f"{MARKER} in the square"]) as feed:
        feed.failures.append(Failure(kind="cut_json"))
        with pytest.raises(StepFailed):
            take_in_posts(run)
    assert "FeedBroken" in caplog.text
    assert MARKER not in caplog.text


def test_one_post_from_the_future_does_not_hold_up_the_feed(world, tmp_path, run):
    with serving(world, tmp_path, []) as feed:
        feed.add(POST | {"day": 30, "text": "from a clock that runs fast"}, ANCHOR)
        assert take_in_posts(run) == 0
        assert {rule for _, rule in world.quarantined("post")} == {"collected_at_after_posted_at"}
        assert len(cursor(world)) == 1


def test_a_page_whose_object_is_gone_is_quarantined_and_the_others_are_understood(
    world, tmp_path, run
):
    with serving(world, tmp_path, [f"post {n} in the square" for n in range(1, 46)]):
        take_in_posts(run)
    lost, _ = world.store.keys("restricted")
    client("retention").remove_object("restricted", lost)
    understood = understand_posts(run)
    assert (lost, "text_present") in world.quarantined("post_signal")
    assert understood == len(signals(world)) in (5, 40)


def test_without_a_basis_no_feed_is_asked(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]) as feed:
        file = world.pack / "register.yaml"
        file.write_text(file.read_text().replace("2035-12-31", "2021-12-31"))
        world.edit_pack("city.yaml", "country: PT", "country: PT")
        fail_from(feed, 1, Failure(kind="500", times=99))  # a request would show as FeedBroken
        with pytest.raises(StepFailed, match="NoBasis"):
            take_in_posts(run)
        assert not feed.failures
    assert (posts(world), world.store.keys("restricted")) == ([], [])
