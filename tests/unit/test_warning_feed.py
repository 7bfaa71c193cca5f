"""A partner's feed over real HTTP: asked only when it changed, each message once, from its host."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from precrisis.pack.sources import Source
from precrisis.posts import bounded_session
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused
from precrisis.records.cap_warning import LARGEST_BYTES
from precrisis.records.warning_feed import MOST_MESSAGES, Reading, read_warnings
from tests.warning_server import FEED, Answer, atom, warning

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {b} "{f"&{a};" * 10}">'.encode() for a, b in pairwise("abcdefghij"))
    + b']><feed xmlns="http://www.w3.org/2005/Atom"><title>&j;</title></feed>'
)


@pytest.fixture
def partner():
    with warning() as found:
        yield found


@pytest.fixture
def elsewhere():
    with warning() as found:
        yield found


def source(partner, **more) -> Source:
    values = {"source_id": "province", "kind": "cap", "noun": "calendar_event"}
    return Source(**values, address=partner.address, purpose_id="maps", **more)


def contents(reading: Reading) -> list[bytes]:
    return [content for _, content in reading.messages]


def rules(reading: Reading) -> list[str]:
    return [refusal.rule for _, refusal in reading.refused]


def test_each_message_is_fetched_once_the_oldest_first(partner):
    partner.offer(one=b"<one/>", two=b"<two/>")
    first = read_warnings(source(partner), None)
    assert contents(first) == [b"<one/>", b"<two/>"]
    assert partner.paths() == ["feed.atom", "one.cap.xml", "two.cap.xml"]
    partner.offer(one=b"<one/>", two=b"<two/>", three=b"<three/>")
    second = read_warnings(source(partner), first.cursor)
    assert contents(second) == [b"<three/>"]
    assert partner.paths() == ["feed.atom", "three.cap.xml"]


def test_a_feed_that_did_not_change_costs_one_request_without_a_body(partner):
    partner.offer(one=b"<one/>")
    first = read_warnings(source(partner), None)
    partner.asked.clear()
    again = read_warnings(source(partner), first.cursor)
    assert (again.messages, again.cursor, again.problem) == ([], None, None)
    ((path, headers),) = partner.asked
    assert (path, headers["if-none-match"]) == (FEED, partner.answers[FEED].etag)


def test_the_names_of_messages_tell_no_secret(partner):
    partner.answers["/cap/a%20b.xml?token=hush"] = Answer(b"<one/>")
    partner.offer("a%20b.xml?token=hush")
    ((name, _),) = read_warnings(source(partner), None).messages
    assert name.startswith("a-20b.xml-")
    assert "hush" not in name


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(b"<one/>" * 100, lacks_bytes=10), Answer(status=502)],
    ids=["500", "truncated", "502"],
)
def test_a_message_that_fails_is_tried_again_and_the_others_are_not(partner, answer):
    partner.offer(one=b"<one/>", two=b"<two/>")
    partner.answers["/cap/two.cap.xml"] = answer
    first = read_warnings(source(partner), None)
    assert contents(first) == [b"<one/>"]
    assert isinstance(first.problem, FeedBroken)
    assert "feed province" in str(first.problem)
    partner.answers["/cap/two.cap.xml"] = Answer(b"<two/>")
    partner.asked.clear()
    second = read_warnings(source(partner), first.cursor)
    assert contents(second) == [b"<two/>"]
    assert partner.paths() == ["feed.atom", "two.cap.xml"]


def test_a_server_that_asks_to_wait_is_obeyed_also_at_a_message(partner):
    partner.offer(one=b"<one/>", two=b"<two/>")
    partner.answers["/cap/one.cap.xml"] = Answer(status=429, headers={"Retry-After": "120"})
    reading = read_warnings(source(partner), None)
    assert isinstance(reading.problem, FeedBusy)
    assert reading.problem.wait_s == 120
    assert partner.paths() == ["feed.atom", "one.cap.xml"]  # and not asked for the next


@pytest.mark.parametrize(
    ("answer", "error", "wait_s"),
    [
        (Answer(status=429, headers={"Retry-After": "90"}), FeedBusy, 90),
        (Answer(status=503), FeedBusy, 600),
        (Answer(status=500), FeedBroken, None),
        (Answer(status=401), FeedRefused, None),
        (Answer(status=404), FeedBroken, None),
        (Answer(LAUGHS), FeedBroken, None),
        (Answer(b"<html></html>"), FeedBroken, None),
        (Answer(atom("a"), lacks_bytes=5), FeedBroken, None),
    ],
    ids=["429", "503", "500", "401", "404", "bomb", "no feed", "truncated"],
)
def test_a_feed_that_fails_is_named(partner, answer, error, wait_s):
    partner.answers[FEED] = answer
    with pytest.raises(error, match="feed province") as raised:
        read_warnings(source(partner), None)
    assert getattr(raised.value, "wait_s", None) == wait_s


def test_a_huge_feed_is_read_up_to_a_limit(partner, monkeypatch):
    monkeypatch.setattr(bounded_session, "LARGEST_BYTES", 100_000)
    partner.answers[FEED] = Answer(b" " * 200_000)
    with pytest.raises(FeedBroken, match="without an end"):
        read_warnings(source(partner), None)


def test_a_huge_message_is_refused_once(partner):
    partner.offer(huge=b"<" * (LARGEST_BYTES + 1), good=b"<good/>")
    first = read_warnings(source(partner), None)
    assert (rules(first), contents(first)) == (["file_is_small"], [b"<good/>"])
    assert read_warnings(source(partner), first.cursor).refused == []


def test_a_message_that_is_gone_holds_up_no_other(partner):
    partner.offer("gone.xml", good=b"<good/>")
    reading = read_warnings(source(partner), None)
    assert (rules(reading), contents(reading)) == (["message_there"], [b"<good/>"])
    assert reading.problem is None


def test_a_link_to_another_host_is_not_followed(partner, elsewhere):
    elsewhere.answers["/secret.xml"] = Answer(b"<secret/>")
    partner.offer(
        f"http://{elsewhere.host}/secret.xml", "//example.org/a.xml", "file:///etc/hostname",
        good=b"<good/>",
    )  # fmt: skip
    reading = read_warnings(source(partner), None)
    assert rules(reading) == ["link_stays"] * 3
    assert contents(reading) == [b"<good/>"]
    assert elsewhere.asked == []


def test_a_host_that_the_pack_names_is_asked_and_shown_no_token(partner, elsewhere, monkeypatch):
    monkeypatch.setenv("PROVINCE_TOKEN", "hush")
    elsewhere.answers["/a.xml"] = Answer(b"<a/>")
    partner.offer(f"http://{elsewhere.host}/a.xml", own=b"<own/>")
    named = source(partner, message_hosts=[elsewhere.host], token_variable="PROVINCE_TOKEN")
    assert contents(read_warnings(named, None)) == [b"<a/>", b"<own/>"]
    assert {headers["authorization"] for _, headers in partner.asked} == {"Bearer hush"}
    ((_, headers),) = elsewhere.asked
    assert "authorization" not in headers


@pytest.mark.parametrize("path", [FEED, "/cap/one.cap.xml"])
def test_a_redirect_to_another_host_is_not_followed(partner, elsewhere, path):
    elsewhere.offer(one=b"<one/>")
    elsewhere.answers["/cap/one.cap.xml"] = Answer(b"<forged/>")
    partner.offer(one=b"<one/>")
    there = {"Location": f"http://{elsewhere.host}{path}"}
    partner.answers[path] = Answer(status=302, headers=there)
    if path == FEED:
        with pytest.raises(FeedBroken, match="leads to a host that the pack does not name"):
            read_warnings(source(partner), None)
    else:
        assert rules(read_warnings(source(partner), None)) == ["link_stays"]
    assert elsewhere.asked == []


def test_a_redirect_on_the_same_host_is_followed(partner):
    partner.offer(one=b"<one/>")
    partner.answers["/cap/new.atom"] = partner.answers[FEED]
    partner.answers[FEED] = Answer(status=301, headers={"Location": "/cap/new.atom"})
    assert contents(read_warnings(source(partner), None)) == [b"<one/>"]


def test_no_more_than_so_many_are_fetched_in_a_run_and_the_rest_in_the_next(partner, monkeypatch):
    monkeypatch.setattr("precrisis.records.warning_feed.MOST_MESSAGES", 2)
    assert MOST_MESSAGES > 2
    partner.offer(one=b"<one/>", two=b"<two/>", three=b"<three/>")
    first = read_warnings(source(partner), None)
    assert contents(first) == [b"<one/>", b"<two/>"]
    assert contents(read_warnings(source(partner), first.cursor)) == [b"<three/>"]


@pytest.mark.parametrize("address", ["http://province.example/cap.atom", "ftp://a.example/feed"])
def test_a_feed_on_another_machine_is_read_over_https_only(address):
    values = {"source_id": "p", "kind": "cap", "noun": "calendar_event", "purpose_id": "maps"}
    with pytest.raises(ValidationError, match="over https"):
        Source(**values, address=address)
    assert Source(**values, address="https://province.example/cap.atom")
