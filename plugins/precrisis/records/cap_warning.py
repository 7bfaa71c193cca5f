"""One CAP 1.2 message of a partner, understood: of what it warns, where, until when. Pure.

It comes from outside: bounded in size, without entities (cap_check.py), its words kept short.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from lxml import etree
from pyproj import Geod
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from precrisis.alerts.cap_check import CapError, validate
from precrisis.alerts.cap_profiles import CAP
from precrisis.alerts.cap_verify import NotSigned, verified
from precrisis.outcome import Refused

LARGEST_BYTES = 2_000_000
NOT_SIGNED = (
    "not signed with the certificate of this source, or altered since; ask its sender, or enter "
    "the new certificate if they renewed it"
)
LONGEST_TITLE = 120
MOST_CORNERS = 20_000
EARTH = Geod(ellps="WGS84")


@dataclass(frozen=True)
class PartnerWarning:
    """One message: what it warns of, where and when, and what it makes void. Times are UTC."""

    name: str  # follows from sender and identifier
    sent_at: dt.datetime
    is_real: bool
    is_cancel: bool
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    area: BaseGeometry
    makes_void: Sequence[str]


def warning_of(message: bytes, language: str, certificate: bytes | None = None) -> PartnerWarning:
    """Understand a CAP message; its words are those in `language`, or the first ones.

    Args:
        certificate: PEM; with it, only what was signed with it counts.

    Raises:
        Refused: it is no valid CAP 1.2, is not signed as it should be, or says not where or until
            when.
    """
    if len(message) > LARGEST_BYTES:
        raise Refused("file_is_small", f"more than {LARGEST_BYTES} bytes")
    try:
        root = validate(verified(message, certificate) if certificate else message)
    except CapError:
        raise Refused("cap_valid", "no valid CAP 1.2 message with polygons on earth") from None
    except NotSigned:
        raise Refused("cap_signed", NOT_SIGNED) from None
    sender = _text(root, "sender")
    name = _name(sender, _text(root, "identifier"))
    sent_at = _moment(root, "sent")
    is_cancel = _text(root, "msgType") == "Cancel"
    info = _info(root, language)
    if info is None and not is_cancel:
        raise Refused("cap_placed", "the message has no info: neither place nor time")
    starts_at = _moment(info, "onset") or _moment(info, "effective") or sent_at
    return PartnerWarning(
        name=name,
        sent_at=sent_at,
        is_real=_text(root, "status") == "Actual" and _text(root, "msgType") != "Ack",
        is_cancel=is_cancel,
        title=" ".join(_text(info, "event").split())[:LONGEST_TITLE],
        starts_at=starts_at,
        ends_at=starts_at if is_cancel else _end(info, starts_at),
        area=shapely.Polygon() if is_cancel else _area(info),
        makes_void=_makes_void(root, sender),
    )


def _makes_void(root: etree._Element, sender: str) -> list[str]:
    """Nobody ends another's warnings: what refers to another sender counts for nothing."""
    if _text(root, "msgType") not in ("Update", "Cancel"):
        return []
    parts = [reference.split(",") for reference in _text(root, "references").split()]
    return [_name(part[0], part[1]) for part in parts if len(part) == 3 and part[0] == sender]


def _name(sender: str, identifier: str) -> str:
    return hashlib.sha256(f"{sender}|{identifier}".encode()).hexdigest()[:24]


def _info(root: etree._Element, language: str) -> etree._Element | None:
    infos = root.findall(f"{CAP}info")
    in_language = (i for i in infos if _text(i, "language").lower().startswith(language))
    return next(in_language, infos[0] if infos else None)


def _end(info: etree._Element, starts_at: dt.datetime) -> dt.datetime:
    ends_at = _moment(info, "expires")
    if ends_at is None or ends_at <= starts_at:
        raise Refused("cap_dated", "the warning does not say until when it holds")
    return ends_at


def _area(info: etree._Element) -> BaseGeometry:
    """Polygons and circles of a message together, EPSG:4326."""
    try:
        shapes = [_polygon(found.text or "") for found in info.iterfind(f".//{CAP}polygon")]
        shapes += [_circle(found.text or "") for found in info.iterfind(f".//{CAP}circle")]
        area = shapely.union_all([shapely.make_valid(shape) for shape in shapes])
    except (ValueError, ShapelyError):
        raise Refused("cap_placed", "a polygon or circle can't be drawn") from None
    if area.is_empty:
        raise Refused("cap_placed", "the warning has neither polygon nor circle")
    return area


def _polygon(text: str) -> shapely.Polygon:
    if len(text.split()) > MOST_CORNERS:
        raise ValueError("too many corners")
    return shapely.Polygon([(lon, lat) for lat, lon in map(_pair, text.split())])


def _circle(text: str) -> shapely.Polygon:
    """A circle "lat,lon km" as a ring of 64 points."""
    centre, radius_km = text.split()
    lat, lon = _pair(centre)
    count, radius_m = 64, float(radius_km) * 1000
    if not 0 < radius_m <= 2_000_000:
        raise ValueError("radius")
    turns = [360 * n / count for n in range(count)]
    lons, lats, _ = EARTH.fwd([lon] * count, [lat] * count, turns, [radius_m] * count)
    return shapely.Polygon(zip(lons, lats, strict=True))


def _pair(word: str) -> tuple[float, float]:
    lat, lon = word.split(",")
    if not (-90 <= float(lat) <= 90 and -180 <= float(lon) <= 180):
        raise ValueError("not on earth")
    return float(lat), float(lon)


def _text(element: etree._Element | None, name: str) -> str:
    return "" if element is None else element.findtext(f"{CAP}{name}") or ""


def _moment(element: etree._Element | None, name: str) -> dt.datetime | None:
    text = _text(element, name)
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC) if text else None
    except (ValueError, OverflowError):
        raise Refused("cap_dated", f"{name} is no moment") from None
