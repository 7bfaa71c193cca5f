"""Every step a post goes through before it is written: whatever comes, cut or refused by a rule."""

import datetime as dt
import json
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.posts import file_drop
from precrisis.posts.author_secret import AuthorSecrets
from precrisis.posts.cutting import LONGEST_TEXT, CutPost, UnusablePost, cut, moment_of
from precrisis.posts.feed_entries import NoFeed, parsed, post_of
from precrisis.posts.file_rows import rows_of
from precrisis.posts.identifiers import without_identifiers
from precrisis.posts.jetstream_events import Heard
from precrisis.posts.mastodon_source import newest_time, stepped_back
from precrisis.posts.plain_text import plain_text_of, visible

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
PIECES = ["<p>", "</p>", "<br>", "<a href='https://x.example/@anna'>", "&#64;", "&#x0;", "@anna",
          "@anna@x.example", "anna.rossi@example.org", "+39 333 123 4567", "IT60X0542811101000000",
          "via Roma 12", "AB123CD", "RSSMRA80A01H501U", "\u200b", "\u202e", "\x00", "\ud800",
          "\uff11\uff12", "<!--", "]]>", "&", "<script>", "46.0667, 11.1211", "\u0301"]  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=60).map("".join)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=20,
)
STAMPS = st.one_of(JSON, st.datetimes(timezones=st.timezones()).map(dt.datetime.isoformat),
                   st.just("2026-11-20T10:00:00Z"))  # fmt: skip
ACCOUNT = st.one_of(
    JSON,
    st.fixed_dictionaries({"id": st.one_of(JSON, st.just("7"))},
                          optional={"username": JSON, "display_name": TEXT}),
)  # fmt: skip
STATUS = st.fixed_dictionaries(
    {"id": st.one_of(JSON, st.just("1")), "created_at": STAMPS, "account": ACCOUNT},
    optional={"content": st.one_of(TEXT, JSON), "spoiler_text": JSON, "edited_at": STAMPS,
              "language": JSON, "visibility": st.one_of(JSON, st.just("public")), "tags": JSON},
)  # fmt: skip


def test_statuses(fuzz, tmp_path):
    secrets = AuthorSecrets(tmp_path)

    def check(status: dict) -> None:
        result = cut("test", status, secrets.secret_at, NOW)
        assert isinstance(result, CutPost | UnusablePost)
        if isinstance(result, CutPost):
            assert len(result.text) <= LONGEST_TEXT
            result.text.encode("utf-8")
            assert "\0" not in result.text
            assert not re.search(r"[\w.]+@example\.org|@anna\b", result.text)
        else:
            assert len(result.reason) < 200
        assert len(secrets.weeks()) < 900  # of 2010 to now, whatever dates are claimed

    fuzz(check, STATUS)


def test_texts(fuzz):
    def check(markup: str) -> None:
        text = plain_text_of(markup)
        assert visible(text) == text
        text.encode("utf-8")
        assert isinstance(without_identifiers(text), str)

    fuzz(check, st.one_of(TEXT, st.text(max_size=300)))


def test_long_texts_of_half_matches(fuzz):
    """A pattern that backtracks without end shows on repeated beginnings of what it looks for."""

    def check(unit: str) -> None:
        assert isinstance(without_identifiers((unit * 20_000)[:20_000]), str)

    alphabet = st.sampled_from("aA0 .,-@+/:'°[]à１\u0661")
    fuzz(check, st.text(alphabet, min_size=1, max_size=8))


def test_times(fuzz):
    def check(value) -> None:
        moment = moment_of(value)
        assert moment is None or moment.utcoffset() == dt.timedelta()

    fuzz(check, STAMPS)


def test_cursors_of_feeds(fuzz):
    """A position is what a server called its newest post."""

    def check(positions: dict[str, str]) -> None:
        cursor = json.dumps(positions)
        newest = newest_time(cursor)
        if newest is not None:
            earlier = newest_time(stepped_back(cursor, newest - dt.timedelta(hours=2)))
            assert earlier is None or earlier <= newest - dt.timedelta(hours=2)

    ids = st.one_of(TEXT, st.integers(0, 10**40).map(str), st.just("²"), st.just("9" * 5_000))
    times = st.integers(1_262_304_000_000, 4_102_444_799_999).map(lambda ms: str(ms << 16))
    fuzz(check, st.dictionaries(TEXT, st.one_of(ids, times), max_size=3))


SOURCE = Source(
    source_id="test", kind="folder", noun="post", address="unused", purpose_id="voice",
    terms={"where": "x", "checked_on": "2026-01-15", "purposes": ["voice"], "retention_hours": 48,
           "attribution": "x"},
    columns={"id": "a", "posted_at": "b", "text": "c", "author": "d", "deleted": "e"},
)  # fmt: skip
MARKUP = [b"<item>", b"</item>", b"<entry>", b"<guid>", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [",
          b'<!ENTITY x "y">', b"&x;", b"<pubDate>", b"<updated>", b"\xff", b"\x00"]  # fmt: skip
FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><language>it</language><item><guid>1</guid>'
    b"<title>t</title><pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate><author>a@b.example (A B)"
    b"</author><description>&lt;p&gt;x</description></item></channel></rss>"
)


def check_posts(posts) -> None:
    for post in posts:
        assert isinstance(cut("test", post, lambda _: b"secret", NOW), CutPost | UnusablePost)


def test_feeds(fuzz):
    def check(content: bytes) -> None:
        try:
            entries = parsed(content)
        except NoFeed:
            return
        check_posts(post_of(entry, "test") for entry in entries)

    pieces = st.one_of(st.sampled_from(MARKUP), st.binary(max_size=12), st.just(FEED[60:200]))
    spliced = st.tuples(st.integers(0, len(FEED)), pieces, st.integers(0, 30)).map(
        lambda cut_at: FEED[: cut_at[0]] + cut_at[1] + FEED[cut_at[0] + cut_at[2] :]
    )
    fuzz(check, st.one_of(spliced, st.lists(pieces, max_size=30).map(b"".join)))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_files_of_posts(fuzz, tmp_path, monkeypatch, name):
    class Lisbon:
        timezone = ZoneInfo("Europe/Lisbon")

    monkeypatch.setattr(file_drop, "city", Lisbon)
    head = b"a,b,c,d,e\n" if name.endswith("csv") else b""

    def check(content: bytes) -> None:
        (tmp_path / name).write_bytes(head + content)
        try:
            rows = list(rows_of(tmp_path / name, SOURCE))
        except Refused:
            return
        page = file_drop.page_of(SOURCE, "test/rows", rows, "[]")
        check_posts(page.posts)
        assert all(isinstance(post_id, str) for post_id in page.taken_back.post_ids)

    row = st.fixed_dictionaries(
        {}, optional={"a": JSON, "b": STAMPS, "c": JSON, "d": JSON, "e": JSON}
    ).map(lambda row: json.dumps(row).encode())
    pieces = st.one_of(
        row, st.binary(max_size=30), st.sampled_from([b"\n", b",", b'"', b"1,2026-11"])
    )
    fuzz(check, st.lists(pieces, max_size=30).map(b"\n".join))


def test_events_of_a_stream(fuzz):
    commit = st.fixed_dictionaries(
        {"collection": st.one_of(st.just("app.bsky.feed.post"), JSON)},
        optional={
            "operation": st.one_of(st.sampled_from(["create", "update", "delete"]), JSON),
            "rkey": JSON,
            "record": st.one_of(
                JSON,
                st.fixed_dictionaries(
                    {}, optional={"text": TEXT, "createdAt": STAMPS, "langs": JSON, "tags": JSON}
                ),
            ),
        },
    )
    times = st.one_of(JSON, st.integers(1_700_000_000_000_000, 1_790_000_000_000_000))
    event = st.fixed_dictionaries(
        {"time_us": times, "did": st.one_of(st.just("did:plc:x"), JSON)},
        optional={"commit": st.one_of(commit, JSON), "account": JSON},
    ).map(lambda event: json.dumps(event).encode())

    def check(messages: list[bytes]) -> None:
        heard = Heard("test", lambda text: isinstance(text, str), NOW, NOW)
        for message in messages:
            heard.take(message)
        page = heard.page("{}")
        check_posts(page.posts)
        assert all(key.startswith("test/after ") for key, _ in page.refused)

    fuzz(check, st.lists(st.one_of(event, st.binary(max_size=60)), max_size=8))
