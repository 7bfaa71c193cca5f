"""RSS and Atom over real HTTP: what is read of an entry, what is asked again, what is refused."""

import datetime as dt
import gzip
import json
import logging
from html import escape
from itertools import pairwise

import pytest

from precrisis.pack.sources import Source
from precrisis.posts import bounded_session, feed_source
from precrisis.posts.connector import TOO_OLD, FeedBroken, FeedBusy, FeedRefused
from precrisis.posts.cutting import CutPost, cut
from precrisis.posts.feed_source import read
from tests.news_server import publishing

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TERMS = {"where": "x", "checked_on": "2026-01-15", "purposes": ["voice"],
         "retention_hours": 50, "attribution": "x"}  # fmt: skip
ITEM = {"guid": "n1", "title": "Folla in piazza", "pubDate": "Fri, 20 Nov 2026 10:00:00 +0100"}
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    + ']><rss version="2.0"><channel><item><guid>1</guid><title>&j;</title></item></channel></rss>'
)
OUTSIDE = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel><item>'
    "<guid>1</guid><title>&x;</title></item></channel></rss>"
)


def rss(*items: dict, language: str = "it") -> bytes:
    """An RSS 2.0 document; values are escaped as text."""
    entries = "".join(
        "<item>" + "".join(f"<{n}>{escape(v)}</{n}>" for n, v in item.items()) + "</item>"
        for item in items
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Notizie</title>'
        f"<language>{language}</language>{entries}</channel></rss>"
    ).encode()


ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="it">
<title>t</title><entry><id>urn:1</id>
<title>A &lt; B</title><published>2026-11-20T08:00:00Z</published>
<updated>2026-11-20T10:00:00Z</updated><author><name>Anna Prova</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">ciao <b>a tutti</b></div></content>
</entry></feed>"""


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("precrisis.clock.now", lambda: NOW)


@pytest.fixture
def served():
    with publishing() as (address, news):
        yield source_at(address), news


def source_at(address: str, **more) -> Source:
    return Source(
        source_id="news", kind="rss", noun="post", address=address, purpose_id="voice",
        terms=TERMS, **more,
    )  # fmt: skip


def cut_all(page) -> list:
    return [cut("news", post, lambda _: b"secret", NOW) for post in page.posts]


def test_what_an_rss_entry_says_is_read_as_a_post(served):
    source, news = served
    news.body = rss(
        ITEM | {"description": "<p>Sale la <b>tensione</b></p> di Anna Prova",
                "author": "anna@example.org (Anna Prova)"},
    )  # fmt: skip
    (page,) = read(source, None)
    (post,) = cut_all(page)
    assert post.text == "Folla in piazza\nSale la tensione\ndi [author]"
    assert post.posted_at == dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    assert post.edited_at is None


def test_what_an_atom_entry_says_is_read_as_a_post(served):
    source, news = served
    news.body = ATOM
    (page,) = read(source, None)
    (post,) = cut_all(page)
    assert post.text == "A < B\nciao a tutti"
    assert (post.posted_at.hour, post.edited_at.hour, post.stated_language) == (8, 10, "it")


def test_entries_come_oldest_first_and_without_an_author_are_one_voice(served):
    source, news = served
    news.body = rss(*(ITEM | {"guid": f"n{n}"} for n in range(3)))
    (page,) = read(source, None)
    assert [post["id"] for post in page.posts] == ["n2", "n1", "n0"]
    assert len({post.author_key for post in cut_all(page)}) == 1


def test_a_feed_that_did_not_change_costs_one_request_without_a_body(served):
    source, news = served
    news.body = rss(ITEM)
    (page,) = read(source, None)
    assert json.loads(page.cursor)["etag"] == news.etag
    assert list(read(source, page.cursor)) == []
    assert news.answered == [200, 304]
    assert news.asked[1]["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    news.body = rss(ITEM, ITEM | {"guid": "n2"})
    (page,) = read(source, page.cursor)
    assert len(page.posts) == 2


def test_a_server_without_validators_is_read_whole_each_time(served):
    source, news = served
    news.body, news.has_validators = rss(ITEM), False
    (page,) = read(source, None)
    assert page.cursor == "{}"
    assert len(list(read(source, page.cursor))) == 1


@pytest.mark.parametrize("etag", ["x" * 501, "caf\u00e9"])
def test_a_validator_that_is_none_is_not_kept(served, etag):
    source, news = served
    news.body, news.has_validators, news.headers = rss(ITEM), False, {"ETag": etag}
    (page,) = read(source, None)
    assert page.cursor == "{}"


def test_an_entry_that_is_not_listed_any_more_is_no_deletion(served):
    source, news = served
    news.body = rss(ITEM, ITEM | {"guid": "n2"})
    (page,) = read(source, None)
    news.body = rss(ITEM)
    (page,) = read(source, page.cursor)
    assert (page.taken_back.post_ids, page.taken_back.is_everything) == (frozenset(), False)
    assert feed_source.CONNECTOR.reading_again is None


def test_old_entries_are_left_alone_and_odd_ones_refused_alone(served):
    source, news = served
    old = ITEM | {"guid": "old", "pubDate": "Fri, 06 Nov 2026 12:59:59 +0100"}
    edge = ITEM | {"guid": "edge", "pubDate": "Fri, 06 Nov 2026 13:00:00 +0100"}
    undated = {"guid": "undated", "title": "x"}
    nameless = {"title": "x", "pubDate": ITEM["pubDate"]}
    news.body = rss(ITEM, old, edge, undated, nameless, ITEM | {"guid": "e", "title": "!"})
    (page,) = read(source, None)
    assert page.remarks[TOO_OLD] == 1
    refused = [p.rule for p in cut_all(page) if not isinstance(p, CutPost)]
    assert refused == ["empty_text", "no_id", "no_date"]


def test_of_an_endless_list_the_first_are_read(served, monkeypatch):
    monkeypatch.setattr(feed_source, "MOST_ENTRIES", 10)
    source, news = served
    news.body = rss(*(ITEM | {"guid": f"n{n}"} for n in range(13)))
    (page,) = read(source, None)
    assert len(page.posts) == 10
    assert page.remarks["entries beyond the first 10 were not read"] == 3


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no well-formed XML"),
        (b"<html><body>maintenance", "no well-formed XML"),
        (b"<html><body/></html>", "no RSS or Atom feed"),
        (rss(ITEM)[:-20], "no well-formed XML"),
        (b"\xff\xfe\x00", "no well-formed XML"),
        (b'{"json": 1}', "no well-formed XML"),
        (b"/etc/hostname", "no well-formed XML"),
        (b"<a>" * 100_000, "no well-formed XML"),
        (LAUGHS.encode(), "no well-formed XML"),
        (OUTSIDE.encode(), "entities"),
        (rss(ITEM).replace(b"utf-8", b"no-such"), "no well-formed XML"),
    ],
    ids=range(11),
)
def test_what_is_no_feed_is_refused_and_quotes_nothing(served, caplog, body, says):
    source, news = served
    news.body = body
    with caplog.at_level(logging.DEBUG), pytest.raises(FeedBroken, match=f"news .*{says}") as error:
        list(read(source, None))
    assert error.value.__cause__ is None
    assert "Folla" not in caplog.text + str(error.value)


def test_a_document_type_without_entities_is_a_feed(served):
    source, news = served
    news.body = rss(ITEM).replace(b"<rss", b"<!DOCTYPE rss><rss")
    (page,) = read(source, None)
    assert len(page.posts) == 1


def test_a_packed_bomb_is_unpacked_up_to_a_limit(served, monkeypatch):
    monkeypatch.setattr(bounded_session, "LARGEST_BYTES", 1_000_000)
    source, news = served
    news.body = gzip.compress(rss(ITEM) + b" " * 50_000_000)
    news.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(FeedBroken, match="without an end"):
        list(read(source, None))


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait_s"),
    [(401, {}, FeedRefused, None), (403, {}, FeedRefused, None), (404, {}, FeedBroken, None),
     (500, {}, FeedBroken, None), (429, {"Retry-After": "90"}, FeedBusy, 90),
     (503, {"Retry-After": "Fri, 20 Nov 2026 12:05:00 GMT"}, FeedBusy, 300),
     (429, {}, FeedBusy, 600), (429, {"Retry-After": "0"}, FeedBusy, 0)],
)  # fmt: skip
def test_a_failure_names_the_feed(served, status, headers, error, wait_s):
    source, news = served
    news.status, news.headers = status, headers
    with pytest.raises(error, match="feed news") as raised:
        list(read(source, None))
    assert getattr(raised.value, "wait_s", None) == wait_s


def test_a_redirect_that_leads_nowhere_is_broken(served):
    source, news = served
    news.status, news.headers = 302, {"Location": source.address}
    with pytest.raises(FeedBroken):
        list(read(source, None))
    assert len(news.asked) <= bounded_session.MOST_REDIRECTS + 1


def test_a_token_is_shown_and_stays_secret(served, monkeypatch):
    source, news = served
    news.body = rss(ITEM)
    private = source_at(source.address, token_variable="NEWS_TOKEN")
    with pytest.raises(FeedRefused, match="set NEWS_TOKEN"):
        list(read(private, None))
    monkeypatch.setenv("NEWS_TOKEN", "hush")
    assert len(list(read(private, None))) == 1
    assert news.asked[-1]["authorization"] == "Bearer hush"
    news.status = 401
    with pytest.raises(FeedRefused, match="renew NEWS_TOKEN") as error:
        list(read(private, None))
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "nonsense", "file:///etc/hostname"])
def test_an_address_that_is_no_feed_is_broken(address):
    with pytest.raises(FeedBroken, match="feed news can't be reached"):
        list(read(source_at(address), None))
