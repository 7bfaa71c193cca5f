"""Write an alert as CAP 1.2 and check it: the OASIS schema, then what the schema leaves open.

Times are the city's local time with its offset and whole seconds: the schema refuses Z and
fractions. Nothing here says Observed or Immediate: an index is inferred and orders no dispatch.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree
from shapely.geometry.base import BaseGeometry

from precrisis.alerts.candidates import Candidate
from precrisis.alerts.cap_check import NAMESPACE, validate
from precrisis.alerts.cap_profiles import PROFILES
from precrisis.alerts.versions import Version, VersionKey, Why
from precrisis.alerts.wording import Wording, languages, wording
from precrisis.city import City

__all__ = ["cap_message", "identifier", "sender_of", "validate"]

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
# A message about an hour that has passed still needs a shift's time to be judged.
SHIFT = timedelta(hours=12)
SOON = timedelta(hours=1)
MESSAGE_TYPES: Mapping[Why, str] = {
    "raised": "Alert",
    "grew": "Update",
    "ended": "Update",
    "withdrawn": "Cancel",
    "restored": "Update",
}
# What a reader is to do; of the others: assess.
RESPONSES: Mapping[Why, str] = {"ended": "Monitor", "withdrawn": "None"}


def cap_message(
    version: Version,
    city: City,
    zone_geometry: BaseGeometry,
    status: Status = "Exercise",
) -> bytes:
    """Return a version as a checked CAP 1.2 document (UTF-8), with Italian and English info.

    A later version refers to all before it. zone_geometry is Polygon or MultiPolygon in EPSG:4326
    (lon, lat); holes are left out, CAP knows none.

    Raises:
        CapError: the document breaks the schema or a profile of the city pack, or its polygon is
            not in the city.
        CityPackError: the zone is not in the city pack.
    """
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    for name, value in _head(version, city, status):
        _add(root, name, value)
    for language in languages(city):
        _add_info(root, version, wording(version.candidate, city, language), city, zone_geometry)
    message = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    validate(message, city.bounds, [PROFILES[name] for name in city.cap_profiles])
    return message


def sender_of(city: City) -> str:
    """Return the CAP sender: unique by the authority's own domain."""
    host = urlsplit(city.authority["website"]).hostname or ""
    return f"precrisis@{host.removeprefix('www.')}"


def identifier(key: VersionKey) -> str:
    """Return the CAP identifier of a version of an alert."""
    return f"precrisis-{key.name}"


def _head(version: Version, city: City, status: Status) -> Iterator[tuple[str, str]]:
    local = wording(version.candidate, city, city.language)
    yield "identifier", identifier(version.key)
    yield "sender", sender_of(city)
    yield "sent", _moment(version.made_at, city)
    yield "status", status
    yield "msgType", MESSAGE_TYPES[version.why]
    yield "source", local.text["source"]
    if city.alert_recipients:
        yield "scope", "Private"
        yield "addresses", " ".join(city.alert_recipients)
    else:
        yield "scope", "Restricted"
        yield "restriction", local.text["restriction"]
    if version.earlier:
        yield "note", local.change(version.why)
        yield "references", " ".join(_references(version, city))


def _references(version: Version, city: City) -> Iterator[str]:
    for key, made_at in version.earlier:
        yield f"{sender_of(city)},{identifier(key)},{_moment(made_at, city)}"


def _add_info(
    root: etree._Element, version: Version, words: Wording, city: City, geometry: BaseGeometry
) -> None:
    info = _add(root, "info")
    for name, value in _info(version, words, city):
        _add(info, name, value)
    for name, value in _parameters(words.candidate):
        parameter = _add(info, "parameter")
        _add(parameter, "valueName", f"precrisis.{name}")
        _add(parameter, "value", value)
    zone = city.zone(words.candidate.zone_id)
    area = _add(info, "area")
    _add(area, "areaDesc", f"{zone.name}, {zone.district}, {city.name}")
    for polygon in getattr(geometry, "geoms", [geometry]):
        _add(area, "polygon", _ring(polygon))


def _info(version: Version, words: Wording, city: City) -> Iterator[tuple[str, str]]:
    candidate, text, sent_at = words.candidate, words.text, version.made_at
    yield "language", text["cap_language"]
    yield "category", "Safety"
    yield "category", "Security"
    yield "event", text["event"]
    yield "responseType", RESPONSES.get(version.why, "Assess")
    yield "urgency", "Past" if version.why == "ended" else _urgency(candidate, sent_at)
    yield "severity", candidate.severity.capitalize()
    yield "certainty", _certainty(candidate.certainty)
    yield "effective", _moment(sent_at, city)
    yield "onset", _moment(candidate.starts_at, city)
    yield "expires", _moment(max(candidate.ends_at, sent_at + SHIFT), city)
    yield "senderName", city.authority["name"]
    yield "headline", words.titled(version.why, words.headline)
    yield "description", _description(version, words)
    if version.why not in RESPONSES:
        yield "instruction", text["instruction"]


def _description(version: Version, words: Wording) -> str:
    candidate, text = words.candidate, words.text
    reasons = "; ".join(words.sentences(candidate.reasons))
    unknown = "; ".join(words.sentences(candidate.unknowns)) or text["no_unknowns"]
    change = f"{words.change(version.why)} " if version.earlier else ""
    return f"{change}{words.when}. {text['reasons']}: {reasons}. {text['unknowns']}: {unknown}"


def _parameters(candidate: Candidate) -> Iterator[tuple[str, str]]:
    yield "risk_index", f"{candidate.risk_index:.1f}"
    yield "certainty", f"{candidate.certainty:.2f}"
    for reason in candidate.reasons:
        yield f"contribution.{reason['key']}", f"{reason['value']:.1f}"
    for unknown in candidate.unknowns:
        yield "unknown", unknown["key"]
    yield "rule", candidate.rule
    yield "rule_version", candidate.rule_version


def _urgency(candidate: Candidate, sent_at: datetime) -> str:
    if candidate.ends_at <= sent_at:
        return "Past"
    return "Expected" if candidate.starts_at <= sent_at + SOON else "Future"


def _certainty(certainty: float) -> str:
    """CAP: Likely is more probable than not, Possible is not."""
    if certainty > 0.5:
        return "Likely"
    return "Possible" if certainty > 0.2 else "Unlikely"


def _moment(moment: datetime, city: City) -> str:
    text = moment.astimezone(city.timezone).isoformat(timespec="seconds")
    return text.replace("+00:00", "-00:00")  # so CAP 1.2 wants UTC written


def _ring(polygon: BaseGeometry) -> str:
    return " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat, *_ in polygon.exterior.coords)


def _add(parent: etree._Element, name: str, value: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = value
    return child
