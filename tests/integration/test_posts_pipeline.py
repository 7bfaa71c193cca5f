"""posts_ingest and posts_analyse against a failing feed, a real warehouse and a real store."""

import datetime as dt
import hashlib
import json
import logging
from contextlib import contextmanager

import pytest

from infra.samples.feed_server import POSTS, Failure, create_app, running
from precrisis.outcome import StepFailed
from precrisis.posts.analyse import understand_posts
from precrisis.posts.ingest import take_in_posts
from precrisis.retention.objects import delete_due, reconcile
from precrisis.retention.rows import delete_rows
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


def detail_of(world, step: str) -> str:
    query = "SELECT detail FROM ops.outcome WHERE step = %s ORDER BY ended_at DESC LIMIT 1"
    return world.rows(query, step)[0]["detail"]


def hour_later(run: Run) -> Run:
    hour = dt.timedelta(hours=1)
    return Run("retention_enforce", f"{run.run_id}+1", run.interval_end, run.interval_end + hour)


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


def test_a_feed_that_is_busy_is_left_alone_for_as_long_as_it_asks(world, tmp_path, run, clock_at):
    with serving(world, tmp_path, [f"post number {n} in the square" for n in range(1, 46)]) as feed:
        fail_from(feed, 2, Failure(kind="429", retry_after_s=3600))
        with pytest.raises(StepFailed, match=f"{FEED} \\(FeedBusy\\)"):
            take_in_posts(run)
        (kept,) = cursor(world)
        now = dt.datetime.now(dt.UTC)
        clock_at(now + dt.timedelta(minutes=59))
        feed.failures.append(Failure(kind="500"))  # a request would show
        assert take_in_posts(after(run)) == 0
        assert "asks not to be asked before" in detail_of(world, "take_in_posts")
        assert cursor(world) == [kept]
        feed.failures.clear()
        clock_at(now + dt.timedelta(minutes=61))
        assert take_in_posts(after(run, "an-hour-later")) == 5
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


@pytest.mark.parametrize("cursor_is_lost", [False, True])
def test_posts_deleted_when_due_do_not_come_back(world, tmp_path, run, cursor_is_lost):
    with serving(world, tmp_path, ["hello square"]):
        take_in_posts(run)
        later = Run("test", "much-later", run.interval_end, run.interval_end + dt.timedelta(days=4))
        assert delete_due(later) == 1
        if cursor_is_lost:
            world.rows("DELETE FROM ops.feed_cursor")
        assert take_in_posts(after(run)) == 0
    assert (posts(world), world.store.keys("restricted")) == ([], [])


def test_an_edit_replaces_the_one_object_of_its_post(world, tmp_path, run):
    with serving(world, tmp_path, ["A quiet evening", "Nice light"]) as feed:
        take_in_posts(run)
        before = {
            key: world.store.read("restricted", key) for key in world.store.keys("restricted")
        }
        feed.edit(max(feed.statuses), "Somewhat darker", dt.datetime.now(dt.UTC))
        take_in_posts(after(run))
    now = {key: world.store.read("restricted", key) for key in world.store.keys("restricted")}
    (changed,) = [key for key in now if now[key] != before[key]]
    assert set(now) == set(before)
    assert json.loads(before[changed])["text"] == "Nice light"
    assert json.loads(now[changed])["text"] == "Somewhat darker"
    (row,) = [row for row in posts(world) if row["object_key"] == changed]
    ledger = world.rows(
        "SELECT sha256, due_at FROM ops.object_ledger WHERE object_key = %s", changed
    )
    assert ledger == [{"sha256": row["sha256"], "due_at": row["due_at"]}]


def test_what_its_author_deleted_goes_at_once_with_all_that_came_of_it(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square", "a quiet evening"]) as feed:
        take_in_posts(run)
        understand_posts(run)
        before = {row["post_id_hash"]: row for row in posts(world)}
        del feed.statuses[min(feed.statuses)]
        assert take_in_posts(after(run)) == 0
    assert "1 posts are gone" in detail_of(world, "take_in_posts")
    assert len(posts(world)) == 2  # marked by who reads the feed, deleted by who deletes
    soon = hour_later(run)
    assert (delete_due(soon), delete_rows(soon)) == (1, 1)
    (left,) = posts(world)
    (gone,) = [row for key, row in before.items() if key != left["post_id_hash"]]
    assert world.store.keys("restricted") == [left["object_key"]]
    assert set(signals(world)) == {left["post_id_hash"]}
    (receipt,) = world.rows("SELECT * FROM ops.deletion_receipt")
    assert (receipt["object_key"], receipt["reason"]) == (gone["object_key"], "deleted by author")
    assert receipt["due_at"] < gone["due_at"]
    assert reconcile(soon) == 1


def test_a_deleted_post_that_a_server_shows_again_is_not_taken_in_again(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square", "a quiet evening"]) as feed:
        take_in_posts(run)
        lost = min(feed.statuses)
        status = feed.statuses.pop(lost)
        take_in_posts(after(run))
        feed.statuses[lost] = status
        assert take_in_posts(after(run, "shown-again")) == 0  # marked, not deleted yet
        delete_due(hour_later(run))
        assert take_in_posts(after(run, "once-more")) == 0
    assert len(posts(world)) == 1


def test_a_deletion_after_the_text_is_gone_takes_the_signal_that_is_left(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square", "a quiet evening"]) as feed:
        take_in_posts(run)
        understand_posts(run)
        texts_gone = Run("test", "due", run.interval_end, run.interval_end + dt.timedelta(days=3))
        assert (delete_due(texts_gone), delete_rows(texts_gone)) == (2, 0)
        assert (len(posts(world)), len(signals(world))) == (0, 2)
        del feed.statuses[min(feed.statuses)]
        take_in_posts(after(run))
    assert delete_rows(hour_later(run)) == 1
    assert len(signals(world)) == 1


def test_every_deletion_in_a_fortnight_of_posts_is_met_within_a_day_of_runs(world, tmp_path, run):
    with serving(world, tmp_path) as feed:
        take_in_posts(run)
        ids = sorted(feed.statuses)
        doomed = [ids[0], ids[len(ids) // 2], ids[-1]]
        for status_id in doomed:
            del feed.statuses[status_id]
        runs, marked = 0, 0
        while marked < len(doomed) and runs < 144:  # a run every ten minutes
            take_in_posts(after(run, f"{runs}"))
            runs += 1
            marked = len(world.rows("SELECT 1 FROM raw.post WHERE due_at <= now()"))
    assert (marked, runs < 144) == (len(doomed), True)


def test_a_run_reads_a_part_of_what_is_kept_again_and_not_all_of_it(world, tmp_path, run):
    with serving(world, tmp_path) as feed:
        take_in_posts(run)
        page, pages = feed.page, []
        feed.page = lambda *a, **k: pages.append(page(*a, **k)) or pages[-1]
        take_in_posts(after(run))
    assert 0 < sum(map(len, pages)) < len(feed.statuses) / 2


def test_a_server_whose_ids_carry_no_time_loses_no_post_and_the_outcome_says_so(
    world, tmp_path, run
):
    with serving(world, tmp_path, ["hello square", "a quiet evening"]) as feed:
        feed.statuses = {
            number: status | {"id": str(number)}
            for number, status in enumerate(feed.statuses.values(), start=1)
        }
        assert take_in_posts(run) == 2
        del feed.statuses[1]
        take_in_posts(after(run))
    assert "edits and deletions are not followed" in detail_of(world, "take_in_posts")
    assert world.rows("SELECT 1 FROM raw.post WHERE due_at <= now()") == []


def test_of_a_feed_read_for_the_first_time_what_is_old_is_left_alone(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]) as feed:
        for number, day in enumerate((-11, -13, -300), start=1):  # ANCHOR is two days ago
            feed.add(POST | {"id": number, "day": day, "text": "long ago"}, ANCHOR)
        assert take_in_posts(run) == 2
        assert len(posts(world)) == 2
        assert take_in_posts(after(run)) == 0


def test_the_hash_of_a_stored_post_confirms_no_guess_of_its_text(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]):
        take_in_posts(run)
    (row,) = posts(world)
    content = json.loads(world.store.read("restricted", row["object_key"]))
    guesses = ["hello square", json.dumps({"text": "hello square"})]
    guesses += [json.dumps({k: v for k, v in content.items() if k != "salt"})]
    hashes = {hashlib.sha256(guess.encode()).hexdigest() for guess in guesses}
    assert row["sha256"] not in hashes


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
        assert {rule for _, rule in world.quarantined("post")} == {"implausible_date"}
        assert len(cursor(world)) == 1


def test_a_post_whose_object_is_gone_or_damaged_is_quarantined_and_the_others_are_understood(
    world, tmp_path, run
):
    with serving(world, tmp_path, [f"post {n} in the square" for n in range(1, 6)]):
        take_in_posts(run)
    lost, damaged, *_ = world.store.keys("restricted")
    client("retention").remove_object("restricted", lost)
    world.store.write("restricted", damaged, world.store.stored("restricted", damaged)[:-9])
    assert understand_posts(run) == len(signals(world)) == 3
    assert world.quarantined("post_signal") == {(lost, "text_present"), (damaged, "text_present")}


def test_beyond_its_terms_no_feed_is_asked(world, tmp_path, run):
    with serving(world, tmp_path, ["hello square"]) as feed:
        world.edit_pack("sources.yaml", "purposes: [voice]", "purposes: [footage]")
        fail_from(feed, 1, Failure(kind="500", times=99))
        with pytest.raises(StepFailed, match="NoBasis"):
            take_in_posts(run)
        assert not feed.failures
    (entry,) = world.rows("SELECT facts FROM ops.audit_log WHERE action = 'run_refused'")
    assert "its terms" in entry["facts"]["rule"]
    assert (posts(world), world.store.keys("restricted")) == ([], [])


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
