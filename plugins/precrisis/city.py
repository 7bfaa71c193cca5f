"""The city pack: one folder of files that makes a city, read once into typed objects.

Geometry is EPSG:4326, longitude first. Times of day are local to `City.time_zone`.
"""

import datetime as dt
import os
import string
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from shapely import Polygon, set_srid
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from precrisis.alerts.cap_profiles import PROFILES
from precrisis.alerts.rules import AlertRule
from precrisis.maps.grid import ZoneGrid, grid_zones
from precrisis.maps.layer import Layer
from precrisis.measures import TakenMeasure
from precrisis.plain_files import parsed_json, parsed_yaml, text_of
from precrisis.register import Purpose, Register, sha256
from precrisis.settings import settings
from precrisis.sharing.agreement import Agreements
from precrisis.vulnerability import Sheet

UNKNOWN_SRID = 1  # no reference system has it


class CityPackError(ValueError):
    """A file of the city pack can't be used; names the file, the entry and the remedy."""


class Part(BaseModel):
    """An entry of the pack. Unknown keys are an error: a typing slip must not pass silently."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # an address may hold a login
    )


class Zone(Part):
    """A public place whose risk is followed: square, street, park."""

    zone_id: str
    name: str
    kind: str
    district: str
    is_pedestrian: bool
    closed_hours: str | None = None
    geometry: BaseGeometry

    def is_closed(self, moment: dt.datetime, time_zone: ZoneInfo) -> bool:
        """True when `moment` lies in the closed hours ("22:00-06:00", local, may pass midnight)."""
        if self.closed_hours is None:
            return False
        start, end = (dt.time.fromisoformat(part) for part in self.closed_hours.split("-"))
        clock = moment.astimezone(time_zone).time()
        return start <= clock < end if start < end else clock >= start or clock < end


class Site(Part):
    """A sensitive site, watched as a place and never for its visitors."""

    site_id: str
    name: str
    kind: str
    zone_id: str | None
    geometry: BaseGeometry


class BackgroundFeature(Part):
    """A line or area of the city's own base map."""

    kind: str
    name: str
    geometry: BaseGeometry


class Region(Part):
    """The part of a camera's picture that shows a zone: polygon in 0-1 image coordinates."""

    zone_id: str
    polygon: list[tuple[float, float]] = Field(min_length=3)
    area_m2: float | None = None
    way_deg: float | None = Field(default=None, ge=0, lt=360)


class Line(Part):
    """A line in a camera's picture at which crossings are counted, each way.

    Right is the right hand of who stands at the first point and looks to the second.
    """

    line_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    name: str
    points: tuple[tuple[float, float], tuple[float, float]]
    to_right: str  # where one goes to who crosses it to its right, as readers will see it
    to_left: str


class Camera(Part):
    camera_id: str
    name: str
    location: tuple[float, float]
    source_id: str
    analysis_rate_hz: float = 2.0
    is_sample: bool = False
    regions: list[Region]
    # Points on the ground: x, y in the picture (0-1), and in metres from any common origin.
    ground: list[tuple[float, float, float, float]] = Field(default=[])
    lines: list[Line] = []
    # In how many parts, across and down, the detector is shown a wide view.
    tiles: tuple[int, int] = (1, 1)


class Terms(Part):
    """What whoever offers a source allows. Not what we may do by law: that is the register's."""

    where: str = Field(min_length=1)  # the address of the terms, or the agreement by its number
    checked_on: dt.date
    purposes: list[str]
    retention_hours: int = Field(ge=1)  # texts may be kept as long as this
    attribution: str = Field(min_length=1)


class Columns(Part):
    """Which column of a file of posts, or which name in its JSON, holds what."""

    id: str
    posted_at: str
    text: str
    author: str | None = None
    edited_at: str | None = None
    language: str | None = None
    deleted: str | None = None


class Source(Part):
    """Where data comes from, and the purpose in the register that allows it."""

    source_id: str
    kind: Literal[
        "folder",
        "s3",
        "rtsp",
        "mastodon",
        "rss",
        "jetstream",
        "csv",
        "city_pack",
        "map_layer",
        "gtfs",
        "holidays",
        "cap",
    ]
    address: str = Field(repr=False)  # may hold a login
    purpose_id: str
    noun: Literal[
        "footage_segment", "post", "incident", "calendar_event", "place", "event_label",
        "disorder_audit", "survey_answer", "weather_hour",
    ]  # fmt: skip
    hashtags: list[str] = []
    # What a post of a whole network must say to be taken in; the city's own names always count.
    phrases: list[str] = []
    # Files of posts: what their columns mean, and what parts them in CSV.
    columns: Columns | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    # The environment variable that holds a feed's token, or an S3 source's "access:secret".
    token_variable: str | None = None
    # A map layer: what its features become.
    layer: Layer | None = None
    # How long a live camera is recorded in each run; runs are 10 minutes apart.
    stretch_s: int = Field(default=60, ge=10, le=540)
    # A live camera that is recorded without a break, by footage_watch instead of footage_ingest.
    is_continuous: bool = False
    terms: Terms | None = None
    note: str = ""

    @model_validator(mode="after")
    def _posts_are_described(self) -> "Source":
        if self.noun == "post" and self.terms is None:
            raise ValueError(f"source '{self.source_id}' needs `terms`: what its provider allows")
        if self.noun == "post" and self.kind in ("folder", "s3") and self.columns is None:
            raise ValueError(f"source '{self.source_id}' needs `columns`: what its files hold")
        return self

    @model_validator(mode="after")
    def _layers_are_described(self) -> "Source":
        if (self.kind in ("map_layer", "gtfs")) != (self.layer is not None):
            raise ValueError(f"source '{self.source_id}': a layer's kind and `layer` go together")
        if self.kind == "gtfs" and self.layer.becomes != "stop":
            raise ValueError(f"source '{self.source_id}': of a timetable come stops")
        return self


class Threshold(Part):
    """A number somebody answers for."""

    value: float
    why: str
    owner: str
    expires_on: dt.date


class Recipient(Part):
    """Who gets the weekly report, of which districts, with the sheets of which sites or events."""

    address: str
    districts: list[str] | Literal["all"] = "all"
    sheets: list[str] = []


def _private(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("what is on another machine must have an https address")
    return url


PrivateUrl = Annotated[SecretStr, AfterValidator(_private)]


class Webhook(Part):
    """A system of the city's own that is told of alerts (precrisis/alerts/webhook.py).

    Let address and secret be ${VARIABLES} of the environment: a city pack is no place for secrets.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: PrivateUrl
    secret: SecretStr = Field(min_length=24)


class ContextBroker(Part):
    """An NGSI-LD context broker, which others may read (precrisis/alerts/broker.py).

    context_url: where the terms of our entities are published, for brokers that fetch; without it
    they go along in each message.
    """

    url: PrivateUrl
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,50}$")
    token: SecretStr | None = None
    context_url: str | None = Field(default=None, pattern=r"^https://[^<>\s]+$")


def _known_profile(name: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"cap profile '{name}' is unknown; there are {', '.join(PROFILES)}")
    return name


ProfileName = Annotated[str, AfterValidator(_known_profile)]


class UrgentEvents(AlertRule):
    """The kinds of video event that become an alert candidate at once, and the rule for alerts.

    urgent_for_min: minutes after its end within which an event is still raised.
    """

    kinds: list[str]
    urgent_for_min: int = Field(ge=1, le=1440)


class PlaceForecast(Part):
    """How the weekly forecast of places is cut, and what it needs; units are in the names."""

    forecast_cell_m: Threshold
    forecast_horizon_h: Threshold
    forecast_step_h: Threshold
    forecast_min_incidents: Threshold
    forecast_history_weeks: Threshold
    forecast_late_weeks: Threshold
    near_repeat_m: Threshold
    near_repeat_days: Threshold
    hot_spot_weeks: Threshold
    hot_spot_false_discoveries: Threshold
    feedback_limit: Threshold
    measure_radius_m: Threshold
    measure_ring_m: Threshold
    measure_days: Threshold
    measure_min_days: Threshold


class MapNumbers(Part):
    """What decides about features of map layers; units are in the names."""

    place_repair_difference_share: Threshold
    place_same_m: Threshold
    incident_same_m: Threshold
    place_zone_m: Threshold


class PublicVoice(Part):
    """How posts are read and weighed."""

    uncertain_margin: Threshold
    place_link_certain: Threshold
    voice_half_authors: Threshold
    surprise_weeks: Threshold
    surprise_memory_voices: Threshold
    surprise_min_voices: Threshold


class Thresholds(Part):
    alert_rules: list[AlertRule]
    video_events: dict[str, Threshold]
    risk_points: dict[str, Threshold]
    place_forecast: PlaceForecast
    maps: MapNumbers
    public_voice: PublicVoice
    urgent_events: UrgentEvents | None = None

    @property
    def numbers(self) -> dict[str, Threshold]:
        """Every single number by its name; rules and lists of kinds apart."""
        fixed = (self.place_forecast, self.public_voice, self.maps)
        named = {name: number for group in fixed for name, number in dict(group).items()}
        return self.video_events | self.risk_points | named


class City(Part):
    """The whole pack. `timezone` and the look-ups are derived; the rest is as written."""

    city_id: str
    name: str
    # In other languages, or of a town around it: elsewhere in a text, another town cancels a place.
    also_called: list[str] = []
    country: str
    time_zone: str
    language: Literal["it", "en"]
    centre: tuple[float, float]
    bounds: tuple[float, float, float, float]
    alert_recipients: list[str]
    # Told of an alert that nobody decided on in time (review_overdue_minutes).
    escalation_recipients: list[str] = []
    alert_webhooks: list[Webhook] = []
    context_broker: ContextBroker | None = None
    cap_profiles: list[ProfileName] = ["restricted"]
    report_recipients: list[Recipient]
    authority: dict[str, str]
    controller: str
    contact: dict[str, str]
    map_credit: str = Field(min_length=1)
    # Lays zones where none is drawn.
    zone_grid: ZoneGrid | None = None
    zones: list[Zone]
    sites: list[Site]
    basemap: list[BackgroundFeature]
    cameras: list[Camera]
    sources: list[Source]
    processing: Register
    thresholds: Thresholds
    gazetteer: dict[str, list[str]]
    incident_categories: dict[str, Any]
    agreements: Agreements = []
    sheets: list[Sheet] = []
    measures: list[TakenMeasure] = []

    @model_validator(mode="after")
    def _sheets_are_of_its_places(self) -> "City":
        known = {site.site_id for site in self.sites}, {zone.zone_id for zone in self.zones}
        for sheet in self.sheets:
            name, places = (
                (sheet.event.zone_id, known[1]) if sheet.event else (sheet.site_id, known[0])
            )
            if name not in places:
                raise ValueError(f"vulnerability.yaml: the pack has no place '{name}'")
        return self

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def zone(self, zone_id: str) -> Zone:
        return _only("zone", zone_id, (z for z in self.zones if z.zone_id == zone_id))

    def camera(self, camera_id: str) -> Camera:
        return _only("camera", camera_id, (c for c in self.cameras if c.camera_id == camera_id))

    def source(self, source_id: str) -> Source:
        return _only("source", source_id, (s for s in self.sources if s.source_id == source_id))

    def purpose(self, purpose_id: str) -> Purpose:
        matching = (p for p in self.processing.purposes if p.purpose_id == purpose_id)
        return _only("purpose", purpose_id, matching)

    @property
    def masking_sha256(self) -> str:
        """Hash of all that is taken away or left alone: what an assessment is signed off with."""
        limits = {
            name: threshold.value
            for name, threshold in self.thresholds.risk_points.items()
            if name.startswith("small_cell_")
        }
        kept_to = self.processing.protection.model_dump()
        return sha256(self.processing.masking.model_dump() | kept_to | limits)

    def sources_of(self, noun: str) -> list[Source]:
        return [source for source in self.sources if source.noun == noun]


def _only(kind: str, key: str, matching):
    for found in matching:
        return found
    raise CityPackError(f"The city pack has no {kind} '{key}': add it or correct the reference.")


def read_city(folder: Path) -> City:
    """Read and check a city pack.

    Raises:
        CityPackError: a file is missing or an entry does not fit; the message names both.
    """
    try:
        content = _yaml(folder, "city") | {
            "zones": _features(folder, "zones"),
            "sites": _features(folder, "sites"),
            "basemap": _features(folder, "basemap"),
            "cameras": _yaml(folder, "cameras"),
            "sources": _yaml(folder, "sources"),
            "processing": _yaml(folder, "register"),
            "thresholds": _yaml(folder, "thresholds"),
            "gazetteer": _yaml(folder, "gazetteer"),
            "incident_categories": _yaml(folder, "incident_categories"),
            "agreements": _yaml(folder, "agreements"),
            "sheets": _yaml_if_there(folder, "vulnerability"),
            "measures": _yaml_if_there(folder, "measures"),
        }
        content["zones"] += _grid_zones(content)
        return City(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CityPackError(f"City pack {folder.name}: {error}") from error


def _grid_zones(content: dict[str, Any]) -> list[dict]:
    """The zones of the pack's grid, beside those that it draws."""
    if not content.get("zone_grid"):
        return []
    districts = {f["name"]: f["geometry"] for f in content["basemap"] if f["kind"] == "district"}
    drawn = [zone["geometry"] for zone in content["zones"]]
    return grid_zones(ZoneGrid(**content["zone_grid"]), districts, drawn)


def _yaml(folder: Path, name: str) -> Any:
    """Read a YAML file; ${NAME} is taken from the environment, so addresses can differ."""
    text = text_of(folder / f"{name}.yaml")
    try:
        return parsed_yaml(string.Template(text).substitute(os.environ), f"{name}.yaml")
    except KeyError as error:
        raise CityPackError(f"{name}.yaml needs the environment variable {error}.") from error


def _yaml_if_there(folder: Path, name: str) -> list:
    return _yaml(folder, name) if (folder / f"{name}.yaml").exists() else []


def _features(folder: Path, name: str) -> list[dict]:
    file = folder / f"{name}.geojson"
    collection = parsed_json(text_of(file), file.name)
    srid = _srid(collection)
    return [
        {**feature["properties"], "geometry": _geometry(feature, srid)}
        for feature in collection["features"]
    ]


def _geometry(feature: dict, srid: int) -> BaseGeometry:
    """A geometry as drawn. One that can't be built is empty: the door refuses it by its name."""
    try:
        return set_srid(shape(feature["geometry"]), srid)
    except (AttributeError, TypeError, ValueError, ShapelyError):
        return Polygon()


def _srid(collection: dict) -> int:
    """The reference system a file states (the `crs` of older GeoJSON), else 4326 (RFC 7946)."""
    name = str(((collection.get("crs") or {}).get("properties") or {}).get("name", "CRS84"))
    code = name.rsplit(":", 1)[-1]
    return int(code) if code.isdigit() else 4326 if code == "CRS84" else UNKNOWN_SRID


@lru_cache(maxsize=1)
def city() -> City:
    """Return the city pack of this process (PRECRISIS_CITY_PACK)."""
    return read_city(settings().city_pack)
