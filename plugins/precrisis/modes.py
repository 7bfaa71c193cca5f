"""Statistics or incident mode: what analysis may name, at this camera, in this zone, at this time.

Statistics mode is the default: what follows from counts, flows and densities of a place. Incident
mode lets analysis name how single tracks behave; a person opens it for one camera, with an act and
a reason, and it ends by itself. Where people demonstrate or worship only what protects the crowd
itself, and what ails a camera, is named, whatever the mode (G12).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from models.video.kinds import (
    CAMERA_BLIND,
    CAMERA_BLURRED,
    CAMERA_MOVED,
    DENSITY_LEVEL,
    INTRUSION,
    VEHICLE_IN_PEDESTRIAN_ZONE,
)
from precrisis.city import City

# A kind that is not named here is about behaviour, and needs incident mode.
PROTECTED_KINDS = frozenset(
    {CAMERA_BLIND, CAMERA_BLURRED, CAMERA_MOVED, DENSITY_LEVEL, VEHICLE_IN_PEDESTRIAN_ZONE}
)
STATISTICS_KINDS = PROTECTED_KINDS | {INTRUSION}

PROTECTED_TIMES = """
SELECT place_id, starts_at - %(margin)s AS starts_at, ends_at + %(margin)s AS ends_at
FROM raw.calendar_event WHERE kind = ANY(%(kinds)s)
"""
PROTECTED_PLACES = """
SELECT DISTINCT attributes ->> 'zone_id' AS zone_id FROM raw.place
WHERE kind = 'site' AND attributes ->> 'kind' = ANY(%s) AND attributes ->> 'zone_id' IS NOT NULL
"""
INCIDENT_TIMES = "SELECT camera_id, starts_at, ends_at FROM ops.incident_mode"


@dataclass(frozen=True)
class Modes:
    """Which times of which zones are protected, and when which camera is in incident mode."""

    protected_zones: frozenset[str]
    protected_times: list[dict[str, Any]]
    incident_times: list[dict[str, Any]]

    def is_protected(self, zone_id: str, start: dt.datetime, end: dt.datetime) -> bool:
        """True when a demonstration or worship is, or may be, in the zone. Times are UTC."""
        return zone_id in self.protected_zones or any(
            _meets(time, start, end)
            for time in self.protected_times
            if time["place_id"] in (zone_id, None)  # a place not known may be any
        )

    def is_incident(self, camera_id: str, start: dt.datetime, end: dt.datetime) -> bool:
        """True when the camera is in incident mode for the whole stretch. Times are UTC."""
        return any(
            time["starts_at"] <= start and end <= time["ends_at"]
            for time in self.incident_times
            if time["camera_id"] == camera_id
        )

    def may_name(self, event: Any) -> bool:
        """True when this event (camera_id, zone_id, kind, started_at, ended_at) may be named."""
        stretch = event.started_at, event.ended_at
        if self.is_protected(event.zone_id, *stretch):
            return event.kind in PROTECTED_KINDS
        return event.kind in STATISTICS_KINDS or self.is_incident(event.camera_id, *stretch)


def read_modes(connection: psycopg.Connection, the_city: City) -> Modes:
    """Read the modes in force from the register, the calendar and the openings of incident mode."""
    protection = the_city.processing.protection
    margin = dt.timedelta(minutes=protection.margin_minutes)
    parameters = {"margin": margin, "kinds": protection.event_kinds}
    layers = connection.execute(PROTECTED_PLACES, (protection.site_kinds,)).fetchall()
    drawn = _zones_of(the_city, protection.site_kinds)  # also before city_ingest has run
    return Modes(
        protected_zones=frozenset(drawn) | {row["zone_id"] for row in layers},
        protected_times=connection.execute(PROTECTED_TIMES, parameters).fetchall(),
        incident_times=connection.execute(INCIDENT_TIMES).fetchall(),
    )


def _zones_of(the_city: City, site_kinds: list[str]) -> Iterable[str]:
    return (site.zone_id for site in the_city.sites if site.kind in site_kinds and site.zone_id)


def _meets(time: dict[str, Any], start: dt.datetime, end: dt.datetime) -> bool:
    return time["starts_at"] <= end and start <= time["ends_at"]
