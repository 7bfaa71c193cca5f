"""Alerts and crowds as NGSI-LD entities, in the words of the Smart Data Models: pure.

Only attributes that these models define are used (infra/ngsi_ld). What they have no word for, such
as the status Exercise or the certainty, stands in `data`.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from precrisis.alerts.cap import SHIFT
from precrisis.alerts.rules import Severity
from precrisis.alerts.versions import Version
from precrisis.alerts.wording import wording
from precrisis.city import City
from precrisis.pack.places import Zone

CORE_CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
CONTEXT = Path(__file__).resolve().parents[3] / "infra" / "ngsi_ld" / "context.jsonld"
SEVERITIES: Mapping[Severity, str] = {
    "minor": "low",
    "moderate": "medium",
    "severe": "high",
    "extreme": "critical",
}
HOUR = timedelta(hours=1)
Entity = dict[str, Any]


@lru_cache(maxsize=1)
def terms() -> dict[str, str]:
    """Return the IRI of each term that our entities use beyond the core of NGSI-LD."""
    return json.loads(CONTEXT.read_text(encoding="utf-8"))["@context"]


def alert_entity(version: Version, city: City, status: str) -> Entity:
    """Return a version of an alert as an Alert entity, without @context.

    Every version is the same entity with other values. The severity of what is withdrawn is
    informational, and it is valid no longer.

    Raises:
        CityPackError: the zone is not in the city pack.
    """
    candidate, zone = version.candidate, city.zone(version.candidate.zone_id)
    words = wording(candidate, city, city.language)
    is_withdrawn = version.why == "withdrawn"
    issued_at = version.earlier[0][1] if version.earlier else version.made_at
    reasons = {reason["key"]: reason["value"] for reason in candidate.reasons}
    entity = {
        "id": f"urn:ngsi-ld:Alert:precrisis:{city.city_id}:{candidate.alert_id}",
        "type": "Alert",
        "category": _property("security"),
        "severity": _property("informational" if is_withdrawn else SEVERITIES[candidate.severity]),
        "dateIssued": _time(issued_at),
        "validFrom": _time(candidate.starts_at),
        "validTo": _time(_valid_to(version)),
        "name": _property(words.titled(version.why, words.headline)),
        "description": _property(_description(version, city, status)),
        "alertSource": {"type": "Relationship", "object": city.authority["website"]},
        "dataProvider": _property(city.authority["name"]),
        "areaServed": _property(f"{zone.name}, {zone.district}"),
        "location": _place(zone.geometry),
        "data": _property(
            {
                "status": status,
                "version": version.number,
                "riskIndex": round(candidate.risk_index, 1),
                "certainty": round(candidate.certainty, 2),
                "reasons": reasons,
                # No list: linked data knows no difference between a list of one and that one.
                "unknowns": {unknown["key"]: True for unknown in candidate.unknowns},
            }
        ),
    }
    if max(reasons, key=reasons.get, default="") == "crowding":
        entity["subCategory"] = _property("crowdRisk")
    return entity


def crowd_entity(zone: Zone, city: City, hour_start_at: datetime, people_mean: float) -> Entity:
    """Return how many people were in a zone in an hour as a CrowdFlowObserved entity.

    The count must be one that a mart shows: fewer than the small-cell threshold are hidden there.
    """
    end = hour_start_at + HOUR
    return {
        "id": f"urn:ngsi-ld:CrowdFlowObserved:precrisis:{city.city_id}:{zone.zone_id}",
        "type": "CrowdFlowObserved",
        "name": _property(zone.name),
        "dateObserved": _property(f"{_utc(hour_start_at)}/{_utc(end)}"),
        "dateObservedFrom": _time(hour_start_at),
        "dateObservedTo": _time(end),
        "peopleCount": _property(round(people_mean)),
        "dataProvider": _property(city.authority["name"]),
        "areaServed": _property(f"{zone.name}, {zone.district}"),
        "location": _place(zone.geometry),
    }


def _valid_to(version: Version) -> datetime:
    if version.why == "withdrawn":
        return version.made_at
    ends_at = version.candidate.ends_at
    return ends_at if version.why == "ended" else max(ends_at, version.made_at + SHIFT)


def _description(version: Version, city: City, status: str) -> str:
    words = wording(version.candidate, city, city.language)
    marks = {"Exercise": "exercise", "Actual": None}
    mark = words.text.get(marks.get(status, "test") or "")
    change = words.change(version.why) if version.earlier else ""
    reasons = "; ".join(words.sentences(version.candidate.reasons))
    parts = (f"[{mark}]" if mark else "", change, f"{words.when}. {reasons}.")
    return " ".join(part for part in parts if part)


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}


def _time(moment: datetime) -> dict[str, Any]:
    return _property({"@type": "DateTime", "@value": _utc(moment)})


def _place(geometry: BaseGeometry) -> dict[str, Any]:
    return {"type": "GeoProperty", "value": mapping(geometry)}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
