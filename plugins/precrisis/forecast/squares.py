"""Cells and windows of the metric plane as polygons on the map (EPSG:4326)."""

from collections.abc import Iterable

import numpy as np
import shapely

from models.risk.grid import Grid
from precrisis.forecast.known import plane

AROUND = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])


def cell_id(grid: Grid, cell: int) -> str:
    """Return the cell's name in the city: columns east and rows north of the centre.

    It does not depend on which incidents the grid was laid over.
    """
    row, column = divmod(cell, grid.columns)
    return f"{column + grid.west:+d}{row + grid.south:+d}"


def cell_polygons(grid: Grid, cells: Iterable[int]) -> list[shapely.Polygon]:
    """Return the outline of each cell."""
    return polygons(grid.centres[list(cells)] - grid.cell_m / 2, grid.cell_m)


def polygons(corner_m: np.ndarray, side_m: float) -> list[shapely.Polygon]:
    """Return squares by their south-west corners (n, 2) in metres of the plane."""
    rings = corner_m[:, None, :] + AROUND * side_m
    place = plane().transform(rings[..., 0], rings[..., 1], direction="INVERSE")
    shapes = shapely.polygons(np.stack(place, axis=-1))
    return list(shapely.set_srid(shapes, 4326))
