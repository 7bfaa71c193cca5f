"""Zones, sites and the cameras that see them.

Geometry is EPSG:4326, longitude first. Times of day are local to `City.time_zone`.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from pydantic import Field
from shapely.geometry.base import BaseGeometry

from precrisis.pack.part import Part


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
    lines: list[Line] = Field(default=[])
    # In how many parts, across and down, the detector is shown a wide view.
    tiles: tuple[int, int] = (1, 1)
