"""Write an alert as CAP 1.2 and check it: the OASIS schema, then what the schema leaves open.

Times are the city's local time with its offset and whole seconds: the schema refuses Z and
fractions. Nothing here says Observed or Immediate: an index is inferred and orders no dispatch.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree
from shapely.geometry.base import BaseGeometry

from precrisis.alerts.candidates import Candidate
from precrisis.alerts.cap_check import NAMESPACE, validate
from precrisis.alerts.wording import Wording, languages, wording
from precrisis.city import City

__all__ = ["cap_message", "sender_of", "validate"]

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
# A message about an hour that has passed still needs a shift's time to be judged.
SHIFT = timedelta(hours=12)
SOON = timedelta(hours=1)


def cap_message(
    candidate: Candidate,
    city: City,
    zone_geometry: BaseGeometry,
    sent_at: datetime,
    status: Status = "Exercise",
) -> bytes:
    """Return the alert as a checked CAP 1.2 document (UTF-8), with Italian and English info.

    zone_geometry is Polygon or MultiPolygon in EPSG:4326 (lon, lat); holes are left out, CAP knows
    none. sent_at carries a time zone.

    Raises:
        CapError: the document breaks the schema or its polygon is not in the city.
        CityPackError: the zone is not in the city pack.
    """
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    for name, value in _head(candidate, city, sent_at, status):
        _add(root, name, value)
    for language in languages(city):
        _add_info(root, wording(candidate, city, language), city, zone_geometry, sent_at)
    message = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    validate(message, city.bounds)
    return message


def sender_of(city: City) -> str:
    """Return the CAP sender: unique by the authority's own domain."""
    host = urlsplit(city.authority["website"]).hostname or ""
    return f"precrisis@{host.removeprefix('www.')}"


def _head(
    candidate: Candidate, city: City, sent_at: datetime, status: Status
) -> Iterator[tuple[str, str]]:
    local = wording(candidate, city, city.language).text
    yield "identifier", f"precrisis-{candidate.alert_id}"
    yield "sender", sender_of(city)
    yield "sent", _moment(sent_at, city)
    yield "status", status
    yield "msgType", "Alert"
    yield "source", local["source"]
    if city.alert_recipients:
        yield "scope", "Private"
        yield "addresses", " ".join(city.alert_recipients)
    else:
        yield "scope", "Restricted"
        yield "restriction", local["restriction"]
    if status == "Exercise":
        yield "note", local["exercise_note"]


def _add_info(
    root: etree._Element, words: Wording, city: City, geometry: BaseGeometry, sent_at: datetime
) -> None:
    info = _add(root, "info")
    for name, value in _info(words, city, sent_at):
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


def _info(words: Wording, city: City, sent_at: datetime) -> Iterator[tuple[str, str]]:
    candidate, text = words.candidate, words.text
    yield "language", text["cap_language"]
    yield "category", "Safety"
    yield "category", "Security"
    yield "event", text["event"]
    yield "responseType", "Assess"
    yield "urgency", _urgency(candidate, sent_at)
    yield "severity", candidate.severity.capitalize()
    yield "certainty", _certainty(candidate.certainty)
    yield "effective", _moment(sent_at, city)
    yield "onset", _moment(candidate.starts_at, city)
    yield "expires", _moment(max(candidate.ends_at, sent_at + SHIFT), city)
    yield "senderName", city.authority["name"]
    yield "headline", words.headline
    yield "description", _description(words)
    yield "instruction", text["instruction"]


def _description(words: Wording) -> str:
    candidate, text = words.candidate, words.text
    reasons = "; ".join(words.sentences(candidate.reasons))
    unknown = "; ".join(words.sentences(candidate.unknowns)) or text["no_unknowns"]
    return f"{words.when}. {text['reasons']}: {reasons}. {text['unknowns']}: {unknown}"


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
