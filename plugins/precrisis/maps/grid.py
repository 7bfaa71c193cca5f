"""Zones of a grid, where a city draws none: square cells, clipped to its districts.

Cells lie on the lines of a reference system, not on the city's edge, so a cell keeps its name when
the edge is drawn anew. In Europe EPSG:3035 makes them cells of the statistical grid, in which the
census counts residents (https://ec.europa.eu/eurostat/web/gisco).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyproj
import shapely
from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry.base import BaseGeometry

MOST_CELLS = 50_000
DEGREES = 1e-7  # a centimetre


class ZoneGrid(BaseModel):
    """How the grid of a city pack is laid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cell_m: int = Field(ge=100, le=300)
    crs: str = Field(default="EPSG:3035", pattern=r"^EPSG:\d{4,6}$")
    # What is left of a cell at an edge is a zone from this share of its area on.
    least_share: float = Field(default=0.1, gt=0, le=1)


def grid_zones(
    grid: ZoneGrid, districts: dict[str, BaseGeometry], drawn: list[BaseGeometry]
) -> list[dict[str, Any]]:
    """Return zones (as zones.geojson has them) that fill the districts but for what is drawn.

    Args:
        districts: outline by name, EPSG:4326; a cell is of the one it lies in most.
        drawn: outlines of the zones that the pack draws, EPSG:4326.

    Raises:
        ValueError: there is no district, or there would be too many cells.
    """
    if not districts:
        raise ValueError("zone_grid needs features of kind 'district' in basemap.geojson")
    to_plane = pyproj.Transformer.from_crs(4326, grid.crs, always_xy=True)
    names = sorted(districts)
    flat = _moved([shapely.make_valid(districts[name]) for name in names], to_plane)
    free = shapely.difference(shapely.union_all(flat), shapely.union_all(_moved(drawn, to_plane)))
    return [
        zone | {"geometry": shapely.set_srid(geometry, 4326)}
        for zone, geometry in zip(*_cells(grid, names, flat, free), strict=True)
    ]


def _cells(grid: ZoneGrid, names: list[str], districts, free) -> tuple[list[dict], list]:
    """The zones, and their outlines in degrees."""
    shapely.prepare([free, *districts])
    zones, outlines = [], []
    for south, west, cell in _squares(grid, free.bounds):
        whole = shapely.covers(free, cell)
        of_city = cell if whole else shapely.intersection(cell, free)
        for number, part in enumerate(_parts(of_city, grid), start=1):
            district = names[_most_of(part, districts)]
            zones.append(_zone(grid, south, west, number, district))
            outlines.append(part)
    to_degrees = pyproj.Transformer.from_crs(grid.crs, 4326, always_xy=True)
    return zones, list(shapely.set_precision(_moved(outlines, to_degrees), DEGREES))


def _squares(grid: ZoneGrid, bounds) -> Iterator[tuple[int, int, BaseGeometry]]:
    """South and west edge in metres of the reference system, and the cell, from south to north."""
    west, south, east, north = (int(np.floor(edge / grid.cell_m)) for edge in bounds)
    if (count := (east - west + 1) * (north - south + 1)) > MOST_CELLS:
        raise ValueError(f"zone_grid: {count} cells of {grid.cell_m} m; take larger ones")
    size = grid.cell_m
    for row in range(south, north + 1):
        for column in range(west, east + 1):
            corner = column * size, row * size
            yield corner[1], corner[0], shapely.box(*corner, corner[0] + size, corner[1] + size)


def _parts(geometry: BaseGeometry, grid: ZoneGrid) -> list[BaseGeometry]:
    """The areas of what is left of a cell, largest first, without slivers."""
    least = grid.least_share * grid.cell_m**2
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and p.area >= least]
    return sorted(parts, key=lambda part: (-part.area, part.bounds))


def _most_of(part: BaseGeometry, districts) -> int:
    """The number of the district that most of a part lies in."""
    inside = shapely.covers(districts, part)
    if inside.any():
        return int(np.argmax(inside))
    return int(np.argmax(shapely.area(shapely.intersection(part, districts))))


def _zone(grid: ZoneGrid, south: int, west: int, number: int, district: str) -> dict[str, Any]:
    """Named by its south-west corner; a cell in several parts numbers the further ones."""
    more = f"-{number}" if number > 1 else ""
    return {
        "zone_id": f"cell{grid.cell_m}-n{south}-e{west}{more}",
        "name": f"{district} {south} N {west} E{more}",
        "kind": "cell",
        "district": district,
        "is_pedestrian": False,
    }


def _moved(geometries, transformer: pyproj.Transformer):
    return shapely.transform(np.array(geometries, object), transformer.transform, interleaved=False)
