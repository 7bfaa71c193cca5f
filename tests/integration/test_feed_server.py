"""The real Mastodon client against the sample feed, with everything that goes wrong out there."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.samples.feed_server import POSTS, Failure, SampleFeed, create_app, running
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused
from precrisis.posts.cutting import CutPost, UnusablePost, cut
from precrisis.posts.deletions import deleted_posts
from precrisis.posts.mastodon_client import Feed
from precrisis.posts.mastodon_source import newest_time, pull, stepped_back

ANCHOR = date(2026, 11, 20)
COLLECTED_AT = datetime(2026, 11, 20, 20, tzinfo=UTC)
POST = {"id": 9_000, "author": 91, "day": 0, "time": "19:00", "language": "it",
        "text": "parola-spia in piazza", "hashtags": ["trento"]}  # fmt: skip


@pytest.fixture
def sample() -> SampleFeed:
    return SampleFeed(POSTS, ANCHOR)


@pytest.fixture
def served(sample: SampleFeed) -> Iterator[tuple[Feed, SampleFeed]]:
    app = create_app(anchor=ANCHOR)
    app.state.feed = sample
    with running(app) as address:
        yield Feed("sample", address, ("trento",)), sample


def ids_of(feed: Feed, cursor: str | None = None) -> list[int]:
    return [int(s["id"]) for page in pull(feed, cursor) for s in page.posts]


def cut_all(feed: Feed, cursor: str | None = None) -> list[CutPost | UnusablePost]:
    statuses = [s for page in pull(feed, cursor) for s in page.posts]
    return [cut("sample", s, lambda _: b"secret", COLLECTED_AT) for s in statuses]


def back(cursor: str, hours: int) -> str:
    return stepped_back(cursor, newest_time(cursor) - timedelta(hours=hours))


def test_every_post_comes_once_oldest_first_in_pages_of_forty(served) -> None:
    feed, sample = served
    pages = list(pull(feed))
    ids = [int(s["id"]) for p in pages for s in p.posts]
    assert ids == sorted(sample.statuses)
    assert {len(p.posts) for p in pages[:-1]} == {40}


def test_the_sample_is_cut_whole_and_keeps_no_identifier(served) -> None:
    feed, _sample = served
    posts = cut_all(feed)
    assert {type(p) for p in posts} == {CutPost}
    texts = " ".join(p.text for p in posts)
    assert len({p.author_key for p in posts}) == 90
    for gone in ("347 1234567", "0461 555", "oggetti.persi", "IT60", "RSSMRA", "FX 482",
                 "via Roma 14", "@assistenza", "items/88231", "utente0"):  # fmt: skip
        assert gone not in texts
    for token in ("[phone]", "[e-mail]", "[iban]", "[tax-code]", "[plate]", "[street-number]",
                  "[mention]", "[link example.org]"):  # fmt: skip
        assert token in texts


def test_each_cursor_goes_on_exactly_where_its_page_ended(served) -> None:
    feed, _sample = served
    pages = list(pull(feed))
    for number, page in enumerate(pages):
        later = [int(s["id"]) for p in pages[number + 1 :] for s in p.posts]
        assert ids_of(feed, page.cursor) == later


def test_posts_that_arrive_between_two_pages_are_met(served) -> None:
    feed, sample = served
    pages = pull(feed)
    got = [int(s["id"]) for s in next(pages).posts]
    new = [sample.add(POST | {"id": 9_000 + n}, ANCHOR) for n in range(100)]
    got += [int(s["id"]) for page in pages for s in page.posts]
    assert got == sorted(sample.statuses)
    assert set(new) <= set(got)


def test_a_post_under_two_hashtags_comes_once_and_each_tag_has_its_place(served) -> None:
    feed, sample = served
    both = Feed("sample", feed.address, ("trento", "muse"))
    pages = list(pull(both))
    ids = [int(s["id"]) for p in pages for s in p.posts]
    assert sorted(ids) == sorted(sample.statuses)
    assert set(json.loads(pages[-1].cursor)) == {"trento", "muse"}


def test_without_hashtags_the_public_timeline_is_read(served) -> None:
    feed, sample = served
    assert ids_of(Feed("sample", feed.address)) == sorted(sample.statuses)


def test_a_start_time_leaves_older_posts_alone(served) -> None:
    feed, sample = served
    start = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
    late = Feed("sample", feed.address, ("trento",), starts_at=start)
    boundary = int(start.timestamp() * 1000) << 16
    assert ids_of(late) == [i for i in sorted(sample.statuses) if i > boundary]


def test_a_token_is_shown_and_a_wrong_one_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(create_app(anchor=ANCHOR, token="right")) as address:
        feed = Feed("sample", address, ("trento",), token_variable="SAMPLE_TOKEN")
        monkeypatch.setenv("SAMPLE_TOKEN", "right")
        assert len(ids_of(feed)) > 200
        monkeypatch.setenv("SAMPLE_TOKEN", "wrong")
        with pytest.raises(
            FeedRefused, match=r"sample refused \(401\); renew SAMPLE_TOKEN"
        ) as error:
            ids_of(feed)
        assert "wrong" not in str(error.value)
        monkeypatch.delenv("SAMPLE_TOKEN")
        with pytest.raises(FeedRefused, match="set SAMPLE_TOKEN"):
            ids_of(feed)


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("401", FeedRefused, "sample refused"),
        ("403", FeedRefused, "sample refused"),
        ("500", FeedBroken, "sample answered 500"),
        ("503", FeedBroken, "sample answered 503"),
        ("cut_json", FeedBroken, "sample answered what is no JSON"),
        ("html", FeedBroken, "sample answered what is no JSON"),
    ],
)
def test_a_failure_names_the_feed_hides_the_text_and_loses_nothing(
    served, caplog: pytest.LogCaptureFixture, kind: str, error: type, says: str
) -> None:
    feed, sample = served
    sample.add(POST | {"day": -7, "time": "00:00"}, ANCHOR)
    pages = pull(feed)
    first = next(pages)
    sample.failures.append(Failure(kind=kind))
    with caplog.at_level(logging.DEBUG), pytest.raises(error, match=says) as raised:
        next(pages)
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
    assert "piazza" not in caplog.text.lower()
    assert "piazza" not in repr(raised.value).lower()
    got = [int(s["id"]) for s in first.posts] + ids_of(feed, first.cursor)
    assert got == sorted(sample.statuses)


def test_a_server_that_is_not_there_is_broken() -> None:
    with pytest.raises(FeedBroken, match="sample can't be reached"):
        list(pull(Feed("sample", "http://127.0.0.1:9", ("trento",))))


def test_a_short_wait_is_kept_and_then_the_pull_goes_on(served) -> None:
    feed, sample = served
    sample.failures.append(Failure(kind="429", times=2, retry_after_s=1))
    began = time.monotonic()
    assert ids_of(feed) == sorted(sample.statuses)
    assert time.monotonic() - began >= 2


def test_a_long_wait_is_left_to_the_scheduler(served) -> None:
    feed, sample = served
    sample.failures.append(Failure(kind="429", retry_after_s=900))
    began = time.monotonic()
    with pytest.raises(FeedBusy, match="sample asks to wait 900 s"):
        ids_of(feed)
    assert time.monotonic() - began < 5


def test_waits_add_up_to_a_bound(served) -> None:
    feed, sample = served
    sample.failures.append(Failure(kind="429", times=50, retry_after_s=1))
    hasty = Feed("sample", feed.address, ("trento",), longest_wait_s=2.5)
    began = time.monotonic()
    with pytest.raises(FeedBusy):
        ids_of(hasty)
    assert 2 <= time.monotonic() - began < 5


def test_duplicates_come_once(served) -> None:
    feed, sample = served
    sample.repeats_posts = True
    assert ids_of(feed) == sorted(sample.statuses)


def test_an_edit_is_met_after_rewinding_under_the_same_key(served) -> None:
    feed, sample = served
    cursor = list(pull(feed))[-1].cursor
    newest = max(sample.statuses)
    before = {p.post_id_hash: p for p in cut_all(feed)}
    sample.edit(newest, "era un petardo", COLLECTED_AT)
    assert cut_all(feed, cursor) == []
    edited = [p for p in cut_all(feed, back(cursor, hours=3)) if p.edited_at]
    assert [p.text for p in edited] == ["era un petardo"]
    assert edited[0].post_id_hash in before


def test_a_stretch_read_again_ends_with_the_page_that_passes_its_end(served) -> None:
    feed, sample = served
    cursor = list(pull(feed))[-1].cursor
    times = sorted(datetime.fromisoformat(s["created_at"]) for s in sample.statuses.values())
    assert len(set(times[49:91])) == 42  # else the stretch below has no clear ends
    start, end = times[50], times[60]
    pages = list(pull(feed, stepped_back(cursor, start - timedelta(seconds=1)), end))
    met = [s["created_at"] for p in pages for s in p.posts]
    assert met == times[50:90]  # one page of forty
    assert len(pages) == 1


def test_ids_that_carry_no_time_are_known_as_such() -> None:
    assert newest_time(json.dumps({"public": "01HZX2V7"})) is None
    assert newest_time(json.dumps({"public": "123456"})) is None
    assert newest_time(json.dumps({"public": str(1_700_000_000_000 << 16)})) is not None


def test_a_deletion_is_noticed_by_reading_again(served) -> None:
    feed, sample = served
    stored = {p.post_id_hash: p.posted_at for p in cut_all(feed)}
    del sample.statuses[sorted(sample.statuses)[100]]
    seen = {p.post_id_hash for p in cut_all(feed)}
    gone = deleted_posts(stored, seen, min(stored.values()), COLLECTED_AT)
    assert len(gone) == 1
    assert gone == set(stored) - seen


ODD = [
    ({"content": "<p>aiuto\x00\x1b[31m qui\u202e</p>"}, None),
    ({"content": "parola-spia " * 9_000}, "text_too_large"),
    ({"account": None}, "no_author"),
    ({"created_at": None}, "no_date"),
    ({"created_at": "non una data"}, "no_date"),
    ({"content": None}, "empty_text"),
    ({"id": None}, "no_id"),
    ({"language": None, "mentions": None, "tags": [{"name": "trento"}], "application": None}, None),
]


@pytest.mark.parametrize(("changes", "rule"), ODD)
def test_an_odd_status_is_refused_alone_and_the_rest_is_unharmed(
    served, caplog: pytest.LogCaptureFixture, changes: dict, rule: str | None
) -> None:
    feed, sample = served
    total = len(sample.statuses)
    sample.add(POST | {"day": -3}, ANCHOR, **changes)
    with caplog.at_level(logging.DEBUG):
        posts = cut_all(feed)
    refused = [p for p in posts if isinstance(p, UnusablePost)]
    assert [p.rule for p in refused] == ([rule] if rule else [])
    assert len(posts) == total + 1
    assert "parola-spia" not in caplog.text
    assert "parola-spia" not in repr(refused)
    assert not [p for p in posts if isinstance(p, CutPost) and "\x1b" in p.text + "\x00"[1:]]


def test_a_server_that_ignores_the_position_is_stopped(served, monkeypatch) -> None:
    feed, sample = served
    everything = [sample.statuses[i] for i in sorted(sample.statuses)[-40:]]
    monkeypatch.setattr(sample, "page", lambda *_, **__: list(reversed(everything)))
    with pytest.raises(FeedBroken, match="without moving forward"):
        ids_of(feed)
