"""What the door asks of a geometry: derived numbers and flags, since a frame holds no shapes."""

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from expectations.station import Rule, between

WGS84 = 4326


def geometry_facts(geometry: BaseGeometry | None) -> dict[str, Any]:
    """Return srid, validity and the extreme coordinates (degrees, longitude first)."""
    if geometry is None or geometry.is_empty:
        names = ("srid", "is_valid_geometry", "west", "south", "east", "north")
        return dict.fromkeys(names)
    west, south, east, north = geometry.bounds
    return {
        "srid": shapely.get_srid(geometry),
        "is_valid_geometry": bool(shapely.is_valid(geometry)),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def inside(bounds: tuple[float, float, float, float]) -> tuple[Rule, ...]:
    """Rules that a geometry is valid, in EPSG:4326 and within the city's bounds (w, s, e, n)."""
    west, south, east, north = bounds
    return (
        Rule(
            "geometry_valid",
            "the geometry is missing, empty or crosses itself",
            "ExpectColumnValuesToBeInSet",
            {"column": "is_valid_geometry", "value_set": [True]},
        ),
        Rule(
            "geometry_present",
            "the geometry is missing or empty",
            "ExpectColumnValuesToNotBeNull",
            {"column": "is_valid_geometry"},
        ),
        Rule(
            "srid_4326",
            "the geometry is not in EPSG:4326",
            "ExpectColumnValuesToBeInSet",
            {"column": "srid", "value_set": [WGS84]},
        ),
        between("west", west, east, "degrees east: outside the city, or coordinates swapped"),
        between("east", west, east, "degrees east: outside the city, or coordinates swapped"),
        between("south", south, north, "degrees north: outside the city, or coordinates swapped"),
        between("north", south, north, "degrees north: outside the city, or coordinates swapped"),
    )
