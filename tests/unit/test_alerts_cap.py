"""CAP 1.2: the schema, an independent parser, and what the schema leaves open."""

import datetime as dt
import hashlib
import re
from dataclasses import replace

import pytest
from cap_tools.models import Alert
from pydantic import ValidationError
from shapely.geometry import MultiPolygon
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from precrisis.alerts.candidates import candidates
from precrisis.alerts.cap import cap_message, validate
from precrisis.alerts.cap_check import SCHEMA, CapError
from precrisis.alerts.cap_profiles import PROFILES
from precrisis.alerts.versions import Version, VersionKey
from tests.unit.alerts_town import NIGHT, PARK, SQUARE, rule, town, zone_hour

SENT = dt.datetime(2026, 11, 21, 20, 30, 12, 345678, tzinfo=dt.UTC)
BOUNDS = (11.02, 45.97, 11.22, 46.16)


def message(geometry=SQUARE, sent_at=SENT, city=None, **row) -> bytes:
    (candidate,) = candidates([zone_hour(**row)], [rule()]).raised
    return cap_message(Version(candidate, 1, "raised", sent_at), city or town(), geometry)


def parsed(document: bytes) -> Alert:
    parser = XmlParser(config=ParserConfig(fail_on_converter_warnings=True))
    return parser.from_bytes(document, Alert)


def test_the_schema_file_is_the_one_the_readme_names():
    digest = hashlib.sha256(SCHEMA.read_bytes()).hexdigest()
    assert f"`{digest}`" in SCHEMA.with_name("README.md").read_text(encoding="utf-8")


def test_an_independent_parser_reads_what_was_meant():
    alert = parsed(message())
    assert alert.status.value == "Exercise"
    assert alert.scope.value == "Private"
    assert alert.addresses == "sala-operativa@trento.example"
    assert [info.language for info in alert.infos] == ["it-IT", "en-GB"]
    for info in alert.infos:
        assert [category.value for category in info.categories] == ["Safety", "Security"]
        assert (info.severity.value, info.certainty.value) == ("Severe", "Likely")
        assert info.urgency.value == "Expected"
        values = {p.value_name.value: p.value.value for p in info.parameters}
        assert values["precrisis.risk_index"] == "74.0"
        assert values["precrisis.contribution.crowding"] == "30.5"
        assert values["precrisis.rule_version"] == "1"


def test_moments_are_local_with_offset_and_whole_seconds():
    assert b"<sent>2026-11-21T21:30:12+01:00</sent>" in message()
    assert b"<sent>2026-11-21T20:30:12-00:00</sent>" in message(city=town(time_zone="UTC"))


def test_the_ring_is_latitude_first_and_closed():
    (polygon,) = {info.areas[0].polygons[0] for info in parsed(message()).infos}
    assert polygon.startswith("46.067000,11.121000 46.067000,11.122000 ")
    assert polygon.split()[0] == polygon.split()[-1]


def test_each_part_of_a_multipolygon_is_a_polygon():
    alert = parsed(message(MultiPolygon([SQUARE, PARK])))
    assert len(alert.infos[0].areas[0].polygons) == 2


def test_without_recipients_the_scope_is_restricted():
    alert = parsed(message(city=town(alert_recipients=[])))
    assert (alert.scope.value, alert.addresses) == ("Restricted", None)
    assert alert.restriction


@pytest.mark.parametrize(
    ("hours", "urgency"), [(-3, "Future"), (-1, "Expected"), (0, "Expected"), (1, "Past")]
)
def test_urgency_follows_the_clock_and_is_never_immediate(hours, urgency):
    sent_at = NIGHT + dt.timedelta(hours=hours)
    assert parsed(message(sent_at=sent_at)).infos[0].urgency.value == urgency


@pytest.mark.parametrize(
    ("certainty", "word"), [(0.3, "Possible"), (0.5, "Possible"), (0.51, "Likely"), (1.0, "Likely")]
)
def test_certainty_is_never_observed(certainty, word):
    assert parsed(message(certainty=certainty)).infos[0].certainty.value == word


def test_titles_from_outside_stay_text():
    title = "Sagra <b>&amp; festa</b> ]]>"
    document = message(event_title=title)
    assert title in parsed(document).infos[0].description


def later(why: str, **changes) -> bytes:
    (candidate,) = candidates([zone_hour()], [rule()]).raised
    earlier = [(VersionKey(candidate.alert_id, n), SENT) for n in (1, 2)]
    version = Version(replace(candidate, **changes), 3, why, SENT, earlier)
    return cap_message(version, town(), SQUARE)


@pytest.mark.parametrize(
    ("why", "kind", "response"),
    [
        ("grew", "Update", "Assess"),
        ("ended", "Update", "Monitor"),
        ("withdrawn", "Cancel", "None"),
        ("restored", "Update", "Assess"),
    ],
)
def test_a_later_version_names_those_before_it(why, kind, response):
    alert = parsed(later(why))
    first = parsed(message())
    assert (alert.msg_type.value, alert.infos[0].response_types[0].value) == (kind, response)
    one, two = alert.references.split()
    assert one == f"{first.sender},{first.identifier},2026-11-21T21:30:12+01:00"
    assert two.split(",")[1] == f"{first.identifier}.2"
    assert alert.identifier == f"{first.identifier}.3"
    assert alert.note


def test_what_is_over_is_past():
    assert parsed(later("ended")).infos[0].urgency.value == "Past"


def broken(pattern: bytes, replacement: bytes) -> bytes:
    document, count = re.subn(pattern, replacement, message())
    assert count
    return document


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        (rb"<sent>.*</sent>", b"<sent>2026-11-21T20:30:12Z</sent>", "sent"),
        (rb"<sent>.*</sent>", b"<sent>2026-11-21T20:30:12.5+01:00</sent>", "sent"),
        (rb"Severe", b"Grave", "severity"),
        (rb"<msgType>Alert</msgType>", b"", "msgType"),
        (rb"46.067000,11.121000</polygon>", b"46.068,11.121</polygon>", "not closed"),
        (rb"<polygon>.*</polygon>", b"<polygon>46.06,11.1 46.07,11.1 46.06,11.1</polygon>", "4"),
        (rb"46.067000,11.122000", b"11.122,46.067", "lat,lon"),
        (rb"46.067000,11.122000", b"46.067;11.122", "not a list"),
        (rb"</alert>", b"", "well-formed"),
    ],
)
def test_a_broken_document_is_refused(pattern, replacement, complaint):
    with pytest.raises(CapError, match=complaint):
        validate(broken(pattern, replacement), BOUNDS)


def test_a_geometry_outside_the_city_is_refused():
    with pytest.raises(CapError, match="outside the city bounds"):
        message(city=town(bounds=(9.0, 45.0, 9.5, 45.5)))


def test_a_document_type_is_refused():
    entity = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><alert'
    with pytest.raises(CapError, match="document type"):
        validate(message().replace(b"<alert", entity, 1))


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        (rb"(?s)<scope>.*</addresses>", b"<scope>Public</scope>", "scope is Public"),
        (rb"<msgType>Alert<", b"<msgType>Update<", "needs references"),
        (rb"(?s)<info>.*</info>", b"", "there is no info"),
        (rb"it-IT", b"en-GB", "language of its own"),
        (rb"(?s)<area>.*?</area>", b"", "no polygon"),
        (rb"<expires>.*</expires>", b"", "no expires"),
        (rb"<expires>.*</expires>", b"<expires>2026-11-21T21:30:11+01:00</expires>", "before"),
    ],
)
def test_our_own_profile_wants_more_than_the_schema(pattern, replacement, complaint):
    document = re.sub(
        rb"(?s)<scope>.*?</addresses>",
        b"<scope>Private</scope><addresses>a@b.example</addresses>",
        message(),
    )
    changed, count = re.subn(pattern, replacement, document)
    assert count
    validate(changed, BOUNDS)
    with pytest.raises(CapError, match=complaint):
        validate(changed, BOUNDS, [PROFILES["restricted"]])


def test_a_profile_of_the_city_pack_holds_messages_back(monkeypatch):
    monkeypatch.setitem(PROFILES, "elsewhere", lambda _: iter(["a code is missing"]))
    with pytest.raises(CapError, match="a code is missing"):
        message(city=town(cap_profiles=["restricted", "elsewhere"]))
    with pytest.raises(ValidationError, match="cap profile 'unheard-of' is unknown"):
        town(cap_profiles=["unheard-of"])
