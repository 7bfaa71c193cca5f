"""Input that was made to do harm, by name: each is refused in a bounded time and memory."""

import datetime as dt
import gzip
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from types import SimpleNamespace

import pytest

from infra.stack.layout import ROOT
from precrisis.alerts.cap_check import CapError, validate
from precrisis.city import read_city
from precrisis.footage import segments, sources
from precrisis.outcome import Refused
from precrisis.pack.part import CityPackError
from precrisis.plain_files import Unreadable, parsed_json, parsed_yaml
from precrisis.posts import bounded_session
from precrisis.posts.connector import FeedBroken, FeedBusy
from precrisis.posts.cutting import CutPost, UnusablePost, cut
from precrisis.posts.identifiers import without_identifiers
from precrisis.posts.mastodon_client import Feed
from precrisis.posts.mastodon_source import pull
from precrisis.posts.plain_text import plain_text_of
from precrisis.records.files import count_of, moment_of, number_of, read_rows, refusal_of
from precrisis.records.incidents import COLUMNS as INCIDENT_COLUMNS

MEMORY_BYTES = 3_000_000_000
SLOWEST_S = 5.0
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
STATUS = {"id": "1", "created_at": "2026-11-20T10:00:00Z", "visibility": "public",
          "content": "<p>folla in piazza</p>", "account": {"id": "7", "username": "x"}}  # fmt: skip
BOMB = "\n".join(
    ["a: &a [x,x,x,x,x,x,x,x,x]"]
    + [
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    + "]><alert>&j;</alert>"
)


def within_limits(code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python code in a process that may take MEMORY_BYTES and 60 seconds."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": "/usr/bin:/bin"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.setenv("PRECRISIS_SAMPLES", str(tmp_path))
    monkeypatch.setenv("PRECRISIS_FEED_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PRECRISIS_CITY_PACK", str(tmp_path / "city"))
    return shutil.copytree(ROOT / "tests" / "city", tmp_path / "city")


@pytest.fixture
def quick():
    """The test must end soon: a pattern that backtracks would not."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SLOWEST_S


# --- the city pack ------------------------------------------------------------------------------


def test_the_pack_is_good_as_it_is(pack):
    assert read_city(pack).zones


def test_a_yaml_of_aliases_does_not_fill_the_memory(pack):
    (pack / "gazetteer.yaml").write_text(BOMB)
    code = (
        "import sys; from precrisis.plain_files import *\n"
        "try: parsed_yaml(sys.argv[1], 'x')\nexcept Unreadable: print('refused')"
    )
    assert within_limits(code, BOMB).stdout == "refused\n"
    with pytest.raises(CityPackError, match="alias"):
        read_city(pack)


@pytest.mark.parametrize("name", ["city", "cameras", "sources", "register", "thresholds"])
@pytest.mark.parametrize(
    "content",
    ["", "[" * 100_000, "a: !!python/object/apply:os.system [id]", "\x00", "{", "- - - a: b: c",
     "a: 0o9_", "2026-99-99", "? [x]\n: y", "&a [*a]"],
)  # fmt: skip
def test_a_yaml_that_is_none_of_ours_is_refused_by_its_file(pack, name, content):
    (pack / f"{name}.yaml").write_text(content)
    with pytest.raises(CityPackError, match="City pack"):
        read_city(pack)


def test_yaml_makes_no_objects(tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(Unreadable):
        parsed_yaml(f"!!python/object/apply:os.mkdir ['{trace}']", "x")
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    ["[" * 1_000_000, '{"features":' * 1_000_000, "null", "[]", "{}", '{"features": 7}',
     '{"features": [null]}', '{"features": [{"properties": 1}]}', "NaN", "1" * 10_000, "\ufeff{}",
     '{"features": [{"properties": {}, "geometry": {"type": "Polygon", "coordinates": 1e999}}]}'],
)  # fmt: skip
def test_geojson_that_is_none_is_refused(pack, content):
    (pack / "zones.geojson").write_text(content)
    with pytest.raises(CityPackError, match="City pack"):
        read_city(pack)


@pytest.mark.parametrize("kind", ["Molygon", "", "Point ", None, 7, []])
def test_a_geometry_of_no_kind_is_empty_and_left_to_the_door(pack, kind):
    collection = json.loads((pack / "zones.geojson").read_text())
    collection["features"][0]["geometry"]["type"] = kind
    (pack / "zones.geojson").write_text(json.dumps(collection))
    first, *others = read_city(pack).zones
    assert first.geometry.is_empty
    assert not any(zone.geometry.is_empty for zone in others)


def test_a_file_without_an_end_is_not_read(pack):
    with (pack / "zones.geojson").open("wb") as stream:
        stream.truncate(100_000_000_000)  # sparse: takes no room on disk
    with pytest.raises(CityPackError, match="at most"):
        read_city(pack)


def test_json_nested_a_million_deep_is_one_kind_of_error():
    for text in ("[" * 1_000_000, "[" * 1_000_000 + "]" * 1_000_000, '{"a":' * 1_000_000):
        with pytest.raises(Unreadable):
            parsed_json(text, "x")


# --- posts --------------------------------------------------------------------------------------


@pytest.fixture
def feed():
    """A server that answers each request with `body` and `headers`."""
    answer = SimpleNamespace(body=b"[]", headers={}, status=200, pause_s=0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for byte in answer.body if answer.pause_s else ():
                    self.wfile.write(bytes([byte]))
                    time.sleep(answer.pause_s)
                self.wfile.write(b"" if answer.pause_s else answer.body)
            except ConnectionError:
                answer.was_cut_off = True

        def log_message(self, *_) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer.feed = Feed("test", f"http://127.0.0.1:{server.server_port}", ("x",), longest_wait_s=0)
    yield answer
    server.shutdown()


@pytest.mark.parametrize(
    "body",
    [b"[" * 1_000_000, b'{"a":' * 1_000_000, b"\xff\xfe", b"<html>", b"[1]", b'"text"', b"[[]]",
     b"[" + b"1" * 10_000 + b"]", b""],
    ids=range(9),
)  # fmt: skip
def test_a_feed_that_answers_nonsense_is_broken_and_no_more(feed, body):
    feed.body = body
    with pytest.raises(FeedBroken, match="feed test"):
        list(pull(feed.feed))


def test_a_packed_answer_is_unpacked_up_to_a_limit(feed, monkeypatch):
    monkeypatch.setattr(bounded_session, "LARGEST_BYTES", 1_000_000)
    feed.body = gzip.compress(b" " * 50_000_000)
    feed.headers = {"Content-Encoding": "gzip"}
    assert len(feed.body) < 1_000_000
    with pytest.raises(bounded_session.AnswerTooLarge):
        bounded_session.BoundedSession().get(feed.feed.address)
    with pytest.raises(FeedBroken):
        list(pull(feed.feed))


def test_a_redirect_brings_no_more_than_an_answer(feed, monkeypatch):
    monkeypatch.setattr(bounded_session, "LARGEST_BYTES", 1_000_000)
    feed.body, feed.status = b" " * 5_000_000, 302
    feed.headers = {"Location": feed.feed.address}
    with pytest.raises(bounded_session.AnswerTooLarge):
        bounded_session.BoundedSession().get(feed.feed.address)


def test_an_answer_that_drips_is_not_waited_for(feed, monkeypatch):
    monkeypatch.setattr(bounded_session, "LONGEST_S", 0.5)
    feed.body, feed.pause_s = b" " * 1_000, 0.05
    started = time.monotonic()
    with pytest.raises(bounded_session.AnswerTooSlow):
        bounded_session.BoundedSession().get(feed.feed.address)
    assert time.monotonic() - started < SLOWEST_S


def test_an_answer_that_breaks_off_is_an_error_of_the_connection(feed):
    feed.body, feed.headers = b"[]", {"Content-Encoding": "gzip"}
    with pytest.raises(bounded_session.requests.ConnectionError):
        bounded_session.BoundedSession().get(feed.feed.address)


@pytest.mark.parametrize(
    ("stated", "wait_s"),
    [("120", 120.0), ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0), ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
     ("soon", None), ("", None), ("9" * 5_000, None), ("-5", None), ("²", None),
     ("Fri, 99 Nov 2026 12:01:00 GMT", None)],
)  # fmt: skip
def test_a_wait_is_seconds_or_a_date(monkeypatch, stated, wait_s):
    monkeypatch.setattr("precrisis.clock.now", lambda: NOW)
    answer = SimpleNamespace(headers={"Retry-After": stated})
    assert bounded_session.stated_wait_s(answer) == wait_s


def test_a_wait_without_an_end_ends_after_a_day():
    assert FeedBusy("test", 1e300).wait_s == 86_400
    assert FeedBusy("test", -1).wait_s == 0


def test_an_answer_below_the_limit_is_read_whole(feed):
    feed.body = gzip.compress(json.dumps([]).encode() + b" " * 1_000_000)
    feed.headers = {"Content-Encoding": "gzip"}
    assert list(pull(feed.feed)) == []


def cut_with(**changes) -> CutPost | UnusablePost:
    return cut("test", STATUS | changes, lambda at: b"s" * 32, NOW)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"created_at": "0001-01-01T00:00:00Z"}, "implausible_date"),
     ({"created_at": "9999-12-31T23:59:59-14:00"}, "no_date"),
     ({"created_at": "9999-12-31T00:00:00Z"}, "implausible_date"),
     ({"created_at": "2026-11-21T12:00:01Z"}, "implausible_date"),
     ({"created_at": "2009-12-31T23:59:59Z"}, "implausible_date"),
     ({"content": "x" * 10_000_000}, "text_too_large"),
     ({"content": "\ud800\udfff" * 10}, "empty_text"),
     ({"content": "\x00" * 100}, "empty_text"),
     ({"id": None, "content": {"a": 1}}, "no_id"),
     ({"account": [1]}, "no_author"),
     ({"content": [[["x"]]]}, "empty_text")],
)  # fmt: skip
def test_a_nasty_status_is_refused_under_its_rule(changes, rule):
    assert cut_with(**changes).rule == rule


@pytest.mark.parametrize("edge", ["2026-11-21T12:00:00Z", "2010-01-01T00:00:00Z"])
def test_a_date_at_the_edge_of_what_is_plausible_is_taken(edge):
    assert isinstance(cut_with(created_at=edge), CutPost)


def test_a_status_nested_deep_has_a_key_all_the_same():
    deep: list = []
    for _ in range(50_000):
        deep = [deep]
    assert cut_with(id=None, extra=deep).rule == "no_id"


@pytest.mark.parametrize("character", ["\x00", "\ud800", "\u202e", "\ufffe", "\U0010ffff"])
def test_a_character_that_is_none_does_not_reach_a_text(character):
    post = cut_with(content=f"folla{character} in piazza{character}")
    assert post.text == "folla in piazza"
    assert post.text.encode("utf-8")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "unit",
    ["a@", "@a.", "1 ", "1-", "1.", "+39 ", "via a ", "via Roma 1", "AA00A0", "http://", "[at]",
     "IT00 ", "46.1 ", "4,", "a.", "n. ", "-", "x chiocciola ", "AB 123 ", "\u0661", "localitàà "],
)  # fmt: skip
def test_a_long_text_of_half_matches_takes_no_time(unit):
    assert isinstance(without_identifiers(unit * (20_000 // len(unit))), str)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "markup",
    ["<p>" * 6_000, "<div><b>" * 2_000, "<![CDATA[" * 2_000, "&amp;" * 4_000, "<" * 20_000,
     "<!DOCTYPE a [<!ENTITY b 'c'>]>&b;", "<a href='" * 2_000, "<svg/onload=x>" * 1_000,
     "<!--" * 5_000, "<?php " * 3_000],
)  # fmt: skip
def test_markup_without_an_end_takes_no_time(markup):
    assert isinstance(plain_text_of(markup), str)


# --- records ------------------------------------------------------------------------------------


def offered(tmp_path, content: bytes) -> SimpleNamespace:
    (tmp_path / "file.csv").write_bytes(content)
    return SimpleNamespace(address=str(tmp_path / "file.csv"))


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"\x00", b"a,b\n1,2\n", b'"' + b"x" * 1_000_000, b"\xed\xa0\x80,x\n",
     ",".join(INCIDENT_COLUMNS).encode() + b"\n" + b"x" * 200_000 + b"\n", b"," * 1_000_000],
    ids=range(7),
)  # fmt: skip
def test_a_file_that_is_no_csv_of_ours_is_refused_whole(tmp_path, content):
    with pytest.raises(Refused):
        read_rows(offered(tmp_path, content), INCIDENT_COLUMNS)


def test_a_file_too_large_for_memory_is_not_opened(tmp_path):
    source = offered(tmp_path, b"")
    with (tmp_path / "file.csv").open("wb") as stream:
        stream.truncate(100_000_000_000)
    with pytest.raises(Refused, match="file_is_small"):
        read_rows(source, INCIDENT_COLUMNS)


@pytest.mark.parametrize(
    ("value", "rule"),
    [("a\x00b", "row_is_text"), ("\x1b[31m", "row_is_text"), ("x" * 2_001, "row_is_short"),
     (None, "row_complete")],
)  # fmt: skip
def test_a_row_that_no_table_takes_is_refused(value, rule):
    assert refusal_of({"title": value}).rule == rule


@pytest.mark.parametrize(
    "value", ["x" * 2_000, "Città\nnuova", "'; DROP TABLE raw.incident; --", ""]
)
def test_a_row_that_is_only_odd_passes(value):
    assert refusal_of({"title": value}) is None


@pytest.mark.parametrize("text", ["9" * 5_000, "1e999", "nan", "0x10", "1_0", "١", "", None])
def test_a_huge_or_odd_number_is_a_float_or_nothing(text):
    assert isinstance(number_of(text), float | None)
    assert count_of("nan") is None


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30", "9" * 5_000,
             "2026-01-01T00:00:00+99:99", "\x00", "W", None],
)  # fmt: skip
def test_a_time_that_no_calendar_has_is_nothing(text):
    assert moment_of(text) is None


# --- footage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "../duomo_20261120T172000Z.avi/..", "duomo_20261120T172000Z.avi\n",
     "duomo_20261120T172000Z.avi\x00.png", "DUOMO_20261120T172000Z.avi", "..._20261120T172000Z.avi",
     "a/b_20261120T172000Z.avi", "duomo_٢٠٢٦١١٢٠T١٧٢٠٠٠Z.avi", "-i_20261120T172000Z.", "$(id).avi",
     "concat:x_20261120T172000Z.avi", "duomo_00010101T000000Z.avi", "x" * 300],
)  # fmt: skip
def test_a_name_that_could_lead_elsewhere_names_no_recording(name):
    assert sources.NAME.match(name) is None


def test_a_name_in_no_encoding_can_be_written_to_a_table():
    stored = sources._storable("caf\udce9\x00_20261120T172000Z.avi")
    assert stored.encode("utf-8")
    assert "\x00" not in stored


@pytest.mark.parametrize(
    "content",
    [b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n",
     b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n", b"RIFF\xff\xff\xff\xffAVI ",
     b"\x00" * 4096,
     b"\x1a\x45\xdf\xa3" + b"\xff" * 4096, b"GIF89a\xff\xff\xff\xff", b"x"],
    ids=range(8),
)  # fmt: skip
def test_a_file_that_only_looks_like_footage_is_refused(tmp_path, content):
    file = tmp_path / "x.avi"
    file.write_bytes(content)
    with pytest.raises(Refused):
        segments.probe(file)


# --- CAP ----------------------------------------------------------------------------------------


def test_entities_that_grow_are_refused_within_limits():
    code = (
        "import sys; from precrisis.alerts.cap_check import CapError, validate\n"
        "try: validate(sys.argv[1].encode())\nexcept CapError: print('refused')"
    )
    assert within_limits(code, LAUGHS).stdout == "refused\n"


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("planted")
    text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><alert>&x;</alert>'
    with pytest.raises(CapError) as refusal:
        validate(text.encode())
    assert "planted" not in str(refusal.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"<a>" * 1_000_000, b"<alert" + b" a='1'" * 100_000, b"\xff\xfe<a/>"],
    ids=range(5),
)  # fmt: skip
def test_xml_that_is_no_cap_is_refused(content):
    with pytest.raises(CapError):
        validate(content)


# --- exports ------------------------------------------------------------------------------------


def test_a_table_downloaded_from_superset_holds_no_formula():
    """Our own code writes no CSV; Superset does, when an analyst downloads a chart."""
    code = (
        "from superset.utils.csv import escape_value as e\n"
        "print([e(v) for v in ('=1+1', '+1', '-cmd', '@SUM(A1)', '\\t=1', 'piazza')])"
    )
    python = str(ROOT / ".venv-superset" / "bin" / "python")
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    last = result.stdout.splitlines()[-1]
    assert last == str(["'=1+1", "'+1", "'-cmd", "'@SUM(A1)", "'\t=1", "piazza"])
