"""Check a CAP 1.2 document: the OASIS schema, the polygon, which the schema takes as any text, and
the profiles of those who receive it.

The schema file lies in infra/cap, with its origin.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from lxml import etree

from precrisis.alerts.cap_profiles import Profile

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SCHEMA = Path(__file__).resolve().parents[3] / "infra" / "cap" / "CAP-v1.2.xsd"
Bounds = tuple[float, float, float, float]
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)


class CapError(ValueError):
    """A CAP document that must not leave; the message lists everything found."""


def validate(
    message: bytes, bounds: Bounds = WORLD, profiles: Sequence[Profile] = ()
) -> etree._Element:
    """Check a CAP 1.2 document and return it; bounds are west, south, east, north in EPSG:4326.

    Raises:
        CapError: it is no XML, breaks the schema or a profile, or a polygon is open, too short,
            swapped (longitude first) or outside the bounds.
    """
    document = _parsed(message)
    schema = _schema()
    found = [] if schema.validate(document) else [str(error) for error in schema.error_log]
    for polygon in document.iterfind(f".//{{{NAMESPACE}}}polygon"):
        found += _ring_errors(polygon.text or "", bounds)
    found += [complaint for profile in profiles for complaint in profile(document)]
    if found:
        raise CapError("CAP message refused: " + "; ".join(found))
    return document


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


def _parsed(message: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        document = etree.fromstring(message, parser)
    except etree.XMLSyntaxError as error:
        raise CapError(f"CAP message refused: no well-formed XML ({error})") from error
    if document.getroottree().docinfo.doctype:
        raise CapError("CAP message refused: a document type may hide entities; leave it out")
    return document


def _ring_errors(text: str, bounds: Bounds) -> list[str]:
    try:
        ring = [_pair(word) for word in text.split()]
    except ValueError:
        return [f"polygon {text[:40]!r} is not a list of lat,lon pairs"]
    found = []
    if len(ring) < 4:
        found.append(f"polygon has {len(ring)} pairs, needs at least 4")
    if ring and ring[0] != ring[-1]:
        found.append("polygon is not closed: repeat its first pair at the end")
    west, south, east, north = bounds
    outside = [
        (lat, lon) for lat, lon in ring if not (south <= lat <= north and west <= lon <= east)
    ]
    if outside:
        found.append(f"{outside[0]} is outside the city bounds {bounds}; pairs are lat,lon")
    return found


def _pair(word: str) -> tuple[float, float]:
    lat, lon = word.split(",")
    return float(lat), float(lon)
