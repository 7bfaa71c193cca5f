"""The real WebSocket client against a Jetstream, with everything that goes wrong out there."""

import datetime as dt
import json
import logging
from contextlib import closing

import pytest

from precrisis.city import read_city
from precrisis.pack.sources import Source
from precrisis.posts import jetstream_live, jetstream_source
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused
from precrisis.posts.jetstream_events import FORGOTTEN, in_microseconds
from precrisis.posts.jetstream_source import read
from tests.conftest import ROOT
from tests.jetstream_server import COLLECTION, Jetstream, streaming

NOW = dt.datetime.now(dt.UTC)
MINUTE_US = 60_000_000
HERE = "folla a Rivermouth, parola-spia"
TERMS = {"where": "x", "checked_on": "2026-01-15", "purposes": ["voice"],
         "retention_hours": 50, "attribution": "x"}  # fmt: skip


@pytest.fixture(scope="module")
def rivermouth():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
            patch.setenv(f"PRECRISIS_{name}", "unused")
        return read_city(ROOT / "tests" / "city")


@pytest.fixture(autouse=True)
def one_city(monkeypatch, rivermouth):
    for module in (jetstream_source, jetstream_live):
        monkeypatch.setattr(module, "city", lambda: rivermouth)
    monkeypatch.setattr(jetstream_source, "QUIET_S", 2.0)
    # Other tests may have run for minutes since NOW was taken.
    monkeypatch.setattr("precrisis.clock.now", lambda: NOW)


@pytest.fixture
def served():
    with streaming() as (address, stream):
        stream.goes_on = True
        yield source_at(address), stream


def source_at(address: str, **more) -> Source:
    return Source(
        source_id="bluesky", kind="jetstream", noun="post", address=address, purpose_id="voice",
        terms=TERMS, **more,
    )  # fmt: skip


def us(minutes: float) -> int:
    """A time in microseconds, so many minutes from now."""
    return in_microseconds(NOW) + int(minutes * MINUTE_US)


def made(minutes: float) -> str:
    return (NOW + dt.timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def say(stream: Jetstream, minutes: float, text: str = HERE, rkey: str = "1", **more) -> None:
    stream.post(us(minutes), text, rkey, **{"createdAt": made(minutes), **more})


def until_failure(pages) -> tuple[list, Exception | None]:
    """The pages before a failure, and the failure."""
    came = []
    try:
        for page in pages:
            came.append(page)
    except ConnectionError as failure:
        return came, failure
    return came, None


def ids(pages) -> list[str]:
    return [post["id"].rsplit("/")[-1] for page in pages for post in page.posts]


def test_what_speaks_of_the_city_is_taken_and_nothing_else(served):
    source, stream = served
    wanted = ["Caos a RIVERMOUTH!", "a #rivermouth si balla", "Trento bloccata"]
    others = ["Rivermouthshire", "buongiorno a tutti", "Piazza Duomo a Milano", ""]
    for number, text in enumerate(wanted + others):
        say(stream, number - 20, text, str(number))
    say(stream, -5, "che serata", "tagged", tags=["Rivermouth"])
    stream.tell(us(-4), kind="identity", identity={"did": "did:plc:anna", "handle": "anna.example"})
    stream.tell(us(-3), kind="commit", commit={"operation": "create", "collection": "x.y",
                                               "rkey": "9", "record": {"text": HERE}})  # fmt: skip
    (page,) = read(source, None)
    assert ids([page]) == ["0", "1", "2", "tagged"]
    first = page.posts[0]
    assert first == {
        "id": f"at://did:plc:anna/{COLLECTION}/0", "created_at": made(-20), "edited_at": None,
        "content": "Caos a RIVERMOUTH!", "language": "it", "account": {"id": "did:plc:anna"},
    }  # fmt: skip


def test_the_server_is_asked_for_posts_from_the_cursor_on_and_for_no_large_message(served):
    source, stream = served
    stream.goes_on = False
    say(stream, -30)
    (page,) = read(source, None)
    list(read(source, page.cursor))
    first, second = stream.asked
    assert first["wantedCollections"] == COLLECTION
    assert first["maxMessageSizeBytes"] == "1000000"
    assert us(-61) < int(first["cursor"]) < us(-59)
    assert int(second["cursor"]) == us(-30) - 5_000_000


def test_a_repeated_reading_gives_the_last_seconds_again_and_no_more(served):
    source, stream = served
    stream.goes_on = False
    for number, minutes in enumerate((-30, -20, -10.01, -10)):
        say(stream, minutes, rkey=str(number))
    (page,) = read(source, None)
    (again,) = read(source, page.cursor)
    assert ids([again]) == ["2", "3"]
    assert json.loads(again.cursor)["event_us"] == us(-10)


def test_a_long_backlog_comes_in_pages_each_with_its_cursor(served, monkeypatch):
    monkeypatch.setattr(jetstream_source, "MESSAGES_A_PAGE", 10)
    source, stream = served
    for number in range(35):
        say(stream, number - 40, rkey=str(number))
    pages = list(read(source, None))
    assert [len(page.posts) for page in pages] == [10, 10, 10, 5]
    rest = ids(read(source, pages[1].cursor))
    assert rest == [str(number) for number in range(19, 35)]  # the last seconds again


def test_a_reading_that_takes_too_long_is_left_to_the_next_run(served, monkeypatch):
    monkeypatch.setattr(jetstream_source, "LONGEST_READING_S", 0.0)
    source, stream = served
    say(stream, -30)
    assert list(read(source, None)) == []


def test_edits_and_deletions_of_posts_and_accounts_are_told(served):
    source, stream = served
    say(stream, -30, rkey="kept")
    say(stream, -29, rkey="edited")
    say(stream, -28, "era un petardo a Rivermouth", "edited", operation="update")
    say(stream, -27, "ora altrove", "left-the-city", operation="update")
    say(stream, -26, rkey="short-lived")
    stream.delete(us(-25), "short-lived")
    stream.delete(us(-24), "earlier")
    say(stream, -23, rkey="of-bruno", did="did:plc:bruno")
    for number, status in enumerate(("deleted", "takendown", "suspended", "deactivated")):
        stream.account(us(-22 + number), status, f"did:plc:{status}")
    stream.account(us(-10), "takendown", "did:plc:bruno")
    stream.account(us(-9), "throttled", "did:plc:carla")
    (page,) = read(source, None)
    assert ids([page]) == ["kept", "edited"]
    assert page.posts[1]["content"] == "era un petardo a Rivermouth"
    assert page.posts[1]["edited_at"] == (NOW - dt.timedelta(minutes=28)).isoformat()
    gone = {post_id.rsplit("/")[-1] for post_id in page.taken_back.post_ids}
    assert gone == {"left-the-city", "short-lived", "earlier"}
    assert {did.rsplit(":")[-1] for did in page.taken_back.author_ids} == {
        "deleted", "takendown", "suspended", "deactivated", "bruno",
    }  # fmt: skip


def test_a_connection_that_breaks_off_loses_nothing(served):
    source, stream = served
    for number in range(5):
        say(stream, number - 40, rkey=str(number))
    stream.breaks_off_after = 3
    pages, failure = until_failure(read(source, None))
    assert isinstance(failure, FeedBroken)
    assert "stream bluesky went away" in str(failure)
    assert ids(pages) == ["0", "1", "2"]
    stream.breaks_off_after = None
    assert ids(read(source, pages[-1].cursor)) == ["2", "3", "4"]


def test_a_message_that_is_no_event_is_refused_alone(served, caplog):
    source, stream = served
    say(stream, -30, rkey="before")
    whole = stream.messages[0][1]
    bad = [whole[:-9], "[" * 100_000, "null", "7", b"\xff\xfe", "", '{"time_us": "soon"}',
           '{"time_us": true}', f'{{"time_us": {10**30}}}', f'{{"time_us": {us(15)}}}',
           '{"time_us": -1}']  # fmt: skip
    stream.messages += [(us(-29) + n, message) for n, message in enumerate(bad)]
    say(stream, -28, rkey="after")
    with caplog.at_level(logging.DEBUG, logger="precrisis"):
        (page,) = read(source, None)
    assert ids([page]) == ["before", "after"]
    assert [key for key, _ in page.refused] == [f"bluesky/after {us(-30)}"] * len(bad)
    assert {refusal.rule for _, refusal in page.refused} == {"message_readable"}
    assert "parola-spia" not in caplog.text + repr(page)


@pytest.mark.parametrize(
    "changes",
    [{"commit": None}, {"commit": {"collection": COLLECTION, "operation": "create"}}, {"did": 7},
     {"commit": {"collection": COLLECTION, "operation": "create", "record": {"text": ["x"]}}},
     {"kind": "account", "account": {"active": False, "status": []}},
     {"commit": {"collection": COLLECTION, "operation": ["create"], "record": {"text": HERE}}},
     {"commit": {"collection": COLLECTION, "operation": "create",
                 "record": {"text": "x", "tags": "Rivermouth", "langs": 4}}}],
)  # fmt: skip
def test_an_odd_event_is_passed_over(served, changes):
    source, stream = served
    stream.tell(us(-30), **changes)
    (page,) = read(source, None)
    assert (page.posts, page.taken_back.post_ids) == ([], frozenset())


def test_an_enormous_message_ends_the_reading_in_bounded_memory_and_keeps_what_came(
    served, monkeypatch
):
    monkeypatch.setattr(jetstream_source, "QUIET_S", 30.0)  # it takes a while to arrive
    source, stream = served
    say(stream, -30, rkey="before")
    say(stream, -29, HERE + "x" * 3_000_000, "enormous")
    stream.limits_size = False
    pages, failure = until_failure(read(source, None))
    assert "sent more than 1000000 bytes at once" in str(failure)
    assert ids(pages) == ["before"]
    stream.limits_size = True
    say(stream, -28, rkey="after")
    assert ids(read(source, pages[-1].cursor)) == ["before", "after"]


@pytest.mark.parametrize(
    ("minutes", "is_forgotten"), [(59, False), (61, True)], ids=["remembered", "forgotten"]
)
def test_what_the_server_forgot_takes_everything_kept_with_it(served, minutes, is_forgotten):
    source, stream = served
    left = jetstream_source.Left(NOW - dt.timedelta(minutes=90), NOW - dt.timedelta(minutes=85))
    stream.forgets_before = us(minutes - 85)
    say(stream, minutes - 85, rkey="first-remembered")
    (page,) = read(source, left.cursor())
    assert page.taken_back.is_everything is is_forgotten
    assert page.remarks[FORGOTTEN] == is_forgotten
    assert ids([page]) == ["first-remembered"]


def test_a_quiet_stream_that_was_heard_to_its_end_forgot_nothing(served):
    source, stream = served
    stream.goes_on = False
    left = jetstream_source.Left(NOW - dt.timedelta(hours=9), NOW - dt.timedelta(minutes=10))
    (page,) = read(source, left.cursor())
    assert not page.taken_back.is_everything
    say(stream, -1)
    (page,) = read(source, page.cursor)
    assert not page.taken_back.is_everything
    assert ids([page]) == ["1"]


def test_the_reading_ends_where_the_present_begins(served):
    source, stream = served
    for number in range(3):
        say(stream, 1 + number, rkey=str(number))
    (page,) = read(source, None)
    assert ids([page]) == ["0"]


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [(401, {}, FeedRefused), (403, {}, FeedRefused), (500, {}, FeedBroken), (404, {}, FeedBroken),
     (429, {"Retry-After": "70"}, FeedBusy), (503, {}, FeedBusy)],
)  # fmt: skip
def test_a_refusal_is_named(served, status, headers, error):
    source, stream = served
    stream.refusal = (status, headers)
    with pytest.raises(error, match="bluesky") as raised:
        list(read(source, None))
    if error is FeedBusy:
        assert raised.value.wait_s == (70 if headers else 600)


@pytest.mark.parametrize("address", ["ws://127.0.0.1:9/subscribe", "nonsense", "http://x.example"])
def test_an_address_that_is_no_stream_is_broken(address):
    with pytest.raises(FeedBroken, match="can't be reached, or speaks no WebSocket"):
        list(read(source_at(address), None))


def test_an_open_stream_is_followed_a_page_soon_after_each_post(served, monkeypatch):
    monkeypatch.setattr(jetstream_live, "IDLE_PAGE_S", 0.5)
    source, stream = served
    stream.goes_on, stream.stays_open = False, True
    say(stream, -30, rkey="backlog")
    left = json.dumps({"event_us": us(-40), "heard_until_us": us(-40)})
    with closing(jetstream_live.follow(source, left)) as pages:
        assert ids([next(pages)]) == ["backlog"]
        say(stream, -20, rkey="new")
        stream.delete(us(-19), "backlog")
        found = next(page for page in pages if page.posts)
        assert ids([found]) == ["new"]
        gone = found.taken_back.post_ids or next(pages).taken_back.post_ids
        assert gone == {f"at://did:plc:anna/{COLLECTION}/backlog"}
        idle = next(page for page in pages if not page.taken_back.post_ids)
        assert idle.posts == []
    # While nothing comes, all was heard: a quiet hour is no hour that the server forgot.
    left = json.loads(idle.cursor)
    assert (left["event_us"], left["heard_until_us"]) == (us(-19), us(0) - 5_000_000)


def test_a_followed_stream_that_breaks_off_gives_what_came_and_says_so(served):
    source, stream = served
    stream.breaks_off_after = 1
    say(stream, -30, rkey="1")
    say(stream, -29, rkey="2")
    pages, failure = until_failure(jetstream_live.follow(source, None))
    assert ids(pages) == ["1"]
    assert isinstance(failure, FeedBroken)
