"""The city pack: one folder of files that makes a city, read once into typed objects.

Geometry is EPSG:4326, longitude first. Times of day are local to `City.time_zone`.
"""

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from precrisis.maps.grid import ZoneGrid
from precrisis.measures import TakenMeasure
from precrisis.pack.files import pack_content
from precrisis.pack.part import CityPackError, Part
from precrisis.pack.places import BackgroundFeature, Camera, Site, Zone
from precrisis.pack.recipients import ContextBroker, ProfileName, Recipient, Webhook
from precrisis.pack.sources import Source
from precrisis.pack.thresholds import Thresholds
from precrisis.register import Purpose, Register, sha256
from precrisis.settings import settings
from precrisis.sharing.agreement import Agreements
from precrisis.version import pack_sha256
from precrisis.vulnerability import Sheet


class City(Part):
    """The whole pack. `timezone` and the look-ups are derived; the rest is as written."""

    city_id: str
    name: str
    # In other languages, or of a town around it: elsewhere in a text, another town cancels a place.
    also_called: list[str] = Field(default=[])
    country: str
    time_zone: str
    language: Literal["it", "en"]
    centre: tuple[float, float]
    bounds: tuple[float, float, float, float]
    alert_recipients: list[str]
    # Told of an alert that nobody decided on in time (review_overdue_minutes).
    escalation_recipients: list[str] = Field(default=[])
    alert_webhooks: list[Webhook] = Field(default=[])
    context_broker: ContextBroker | None = None
    cap_profiles: list[ProfileName] = Field(default=["restricted"])
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
    agreements: Agreements = Field(default=[])
    sheets: list[Sheet] = Field(default=[])
    measures: list[TakenMeasure] = Field(default=[])

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

    @model_validator(mode="after")
    def _quiet_hours_are_of_its_people(self) -> "City":
        known = {*self.alert_recipients, *self.escalation_recipients}
        known |= {webhook.name for webhook in self.alert_webhooks}
        for hours in self.thresholds.quiet_hours:
            if unknown := set(hours.recipients) - known:
                raise ValueError(
                    f"quiet_hours '{hours.name}' names {min(unknown)}, who is told of no alert"
                )
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
        return City(**pack_content(folder))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CityPackError(f"City pack {folder.name}: {error}") from error


@lru_cache(maxsize=1)
def city() -> City:
    """Return the city pack of this process (PRECRISIS_CITY_PACK)."""
    return read_city(settings().city_pack)


def take_up_changes() -> None:
    """Let `city` read the pack anew if a file of it changed: for a process that never ends.

    A pack that can't be read is told to whoever asks next.
    """
    folder = settings().city_pack
    now = frozenset((file, os.stat(file).st_mtime_ns) for file in folder.iterdir())
    if _taken_up.get(folder) != now:
        _taken_up[folder] = now
        city.cache_clear()
        pack_sha256.cache_clear()
        with suppress(CityPackError):
            city()  # once, and not by every thread that asks


_taken_up: dict[Path, frozenset] = {}
