"""Every parser of files: recordings, CSV, the city pack, CAP. Refused by a rule, or read."""

import datetime as dt
import math
import random
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from infra.stack.layout import ROOT
from models.video.footage import UnreadableVideo, open_footage
from precrisis.alerts.cap_check import CapError, validate
from precrisis.city import City, read_city
from precrisis.footage import segments, sources
from precrisis.outcome import Refused
from precrisis.pack.part import CityPackError
from precrisis.plain_files import Unreadable, parsed_json, parsed_yaml
from precrisis.records.calendar import COLUMNS as CALENDAR_COLUMNS
from precrisis.records.cap_warning import warning_of
from precrisis.records.files import moment_of, number_of, read_rows, refusal_of
from precrisis.records.incidents import COLUMNS as INCIDENT_COLUMNS
from precrisis.records.incidents import incident_row
from tests import clips
from tests.unit.test_partner_warnings import message

CONTAINERS = {"avi": "mjpeg", "mkv": "mjpeg", "mp4": "libx264", "ts": "mpeg2video"}
WORDS = ["#EXTM3U", "file:", "concat:", "&a", "*a", "!!python/name:os", "[", "{", "\x00", "1e999",
         "\ud800", "null", "-", ": ", "\n", "  ", "nan", "<!ENTITY", "]]>", '"', ","]  # fmt: skip
ODD_TEXT = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=20)), max_size=30).map(
    "".join
)
# Where to change a file and how; a new seed for each.
CHANGES = st.tuples(st.integers(0, 2**32), st.integers(1, 40))


def mutated(content: bytes, change: tuple[int, int], words: list[bytes]) -> bytes:
    """The content with some bytes changed, stretches left out or doubled, words put in."""
    chance, data = random.Random(change[0]), bytearray(content)
    for _ in range(change[1]):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randrange(64)]
        elif kind == 2:
            data[at:at] = data[at : at + chance.randrange(256)]
        elif kind == 3:
            data[at:at] = chance.choice(words)
        else:
            data[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])
    return bytes(data)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> list[bytes]:
    """Two seconds in each container that cameras export."""
    folder = tmp_path_factory.mktemp("films")
    return [
        clips.film(folder / f"whole.{name}", 2, "96x64", codec).read_bytes()
        for name, codec in CONTAINERS.items()
    ]


@pytest.fixture
def pack(tmp_path, monkeypatch):
    for name in ("SAMPLES", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", str(tmp_path))
    monkeypatch.setenv("PRECRISIS_FEED_URL", "http://127.0.0.1:9")
    return shutil.copytree(ROOT / "tests" / "city", tmp_path / "city")


def test_recording_names(fuzz):
    def check(name: str) -> None:
        match = sources.NAME.match(name)
        if match:
            assert not set(match["camera"]) & set("/.\\\0\n")
            start = sources._utc(match["start"])
            assert start is None or f"{start:%Y%m%dT%H%M%SZ}" == match["start"]
        sources._storable(name).encode("utf-8")

    good = st.from_regex(sources.NAME)
    fuzz(check, st.one_of(good, ODD_TEXT, st.tuples(good, ODD_TEXT).map("".join)))


@pytest.mark.weight(5)
def test_films_are_probed_and_cut_or_refused(fuzz, films, tmp_path):
    def check(chosen) -> None:
        which, change = chosen
        file = tmp_path / "film.bin"
        file.write_bytes(mutated(films[which], change, [b"#EXTM3U\n", b"movi", b"moov", b"mdat"]))
        try:
            video = segments.probe(file)
            assert 0 < video.width_px * video.height_px <= segments.MAX_PIXELS
            assert math.isfinite(video.duration_s)
            for _, piece in segments.cut(file, tmp_path):
                assert segments.probe(piece).audio_streams == 0
        except Refused:
            return

    fuzz(check, st.tuples(st.integers(0, len(films) - 1), CHANGES))


@pytest.mark.weight(3)
def test_films_are_opened_frame_by_frame_or_refused(fuzz, films, tmp_path):
    def check(chosen) -> None:
        which, change = chosen
        file = tmp_path / "film.bin"
        file.write_bytes(mutated(films[which], change, [b"movi", b"moov", b"idx1"]))
        try:
            with open_footage(file) as footage:
                for _, frame in footage.frames(lambda index: True):
                    assert frame.shape[2] == 3
        except UnreadableVideo:
            return

    fuzz(check, st.tuples(st.integers(0, len(films) - 1), CHANGES))


@pytest.mark.parametrize(
    ("name", "columns"), [("incidents", INCIDENT_COLUMNS), ("calendar", CALENDAR_COLUMNS)]
)
def test_csv_records(fuzz, tmp_path, name, columns):
    whole = ",".join(sorted(columns)) + "\n"
    whole += (",".join("2026-01-01T00:00:00+01:00" for _ in columns) + "\n") * 5
    words = [word.encode("utf-8", "surrogatepass") for word in WORDS]

    def check(change) -> None:
        file = tmp_path / "records.csv"
        file.write_bytes(mutated(whole.encode(), change, words))
        try:
            rows = read_rows(SimpleNamespace(address=str(file)), columns)
        except Refused:
            return
        for row in rows:
            if refusal_of(row) is None and name == "incidents":
                incident_row("source", row, {})

    fuzz(check, CHANGES)


def test_numbers_and_times_of_records(fuzz):
    def check(text: str) -> None:
        assert isinstance(number_of(text), float | None)
        moment = moment_of(text)
        assert moment is None or moment.tzinfo is dt.UTC

    stamps = st.datetimes(timezones=st.timezones()).map(dt.datetime.isoformat)
    fuzz(check, st.one_of(ODD_TEXT, stamps, st.floats().map(repr), st.from_regex(r"[\d:+TZ.-]+")))


@pytest.mark.parametrize(
    "name",
    ["register.yaml", "cameras.yaml", "city.yaml", "thresholds.yaml", "gazetteer.yaml",
     "zones.geojson", "basemap.geojson"],
)  # fmt: skip
def test_a_city_pack_is_read_or_refused(fuzz, pack, name):
    whole = (pack / name).read_bytes()
    words = [word.encode("utf-8", "surrogatepass") for word in WORDS]

    def check(change) -> None:
        (pack / name).write_bytes(mutated(whole, change, words))
        try:
            assert isinstance(read_city(pack), City)
        except CityPackError:
            return

    fuzz(check, CHANGES)


@pytest.mark.parametrize("parse", [parsed_yaml, parsed_json])
def test_any_text_is_content_or_unreadable(fuzz, parse):
    def check(text: str) -> None:
        try:
            parse(text, "x")
        except Unreadable:
            return

    deep = st.tuples(st.sampled_from(["[", '{"a":', "- ", "a: {", "? "]), st.integers(1, 3_000))
    fuzz(check, st.one_of(ODD_TEXT, deep.map(lambda part: part[0] * part[1])))


def test_cap_documents(fuzz):
    whole = (
        b'<?xml version="1.0"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x'
        b"</identifier><info><area><polygon>46,11 46,12 47,12 46,11</polygon></area></info></alert>"
    )
    words = [word.encode("utf-8", "surrogatepass") for word in WORDS]

    def check(change) -> None:
        with pytest.raises(CapError):  # it lacks most of what the schema wants
            validate(mutated(whole, change, words))

    fuzz(check, CHANGES)


def test_warnings_of_partners(fuzz):
    """A valid message changed where the schema does not look, or anywhere."""
    whole = message()
    words = [b"<circle>46,11 9</circle>", b"<polygon>", b"nan", b"1e999", b",", b"Cancel",
             b"<!DOCTYPE a [", b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00",
    ]  # fmt: skip

    def check(change) -> None:
        try:
            found = warning_of(mutated(whole, change, words), "it")
        except Refused:
            return
        assert not found.area.is_empty or found.is_cancel
        assert found.is_cancel or found.ends_at > found.starts_at

    fuzz(check, CHANGES)
