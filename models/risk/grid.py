"""Incidents in a metric plane, the cells of a grid over them, and the periods they fall into.

Longitude and latitude are EPSG:4326. The plane is a Lambert azimuthal equal-area projection centred
on the data, so that km2 are true everywhere and distances to 1 in 10,000 within 100 km.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj

MARGIN_M = 1_200  # a kernel reaches over the edge of what was seen
MAX_CELLS = 1_000_000
WEEK_H = 168


class BadGrid(ValueError):
    """A grid cannot be laid over the incidents; names size and remedy."""


def plane_of(lon: np.ndarray, lat: np.ndarray) -> pyproj.Transformer:
    """Return the projection to metres, centred on the median place (degrees, EPSG:4326)."""
    centre = f"+lon_0={np.median(lon):.4f} +lat_0={np.median(lat):.4f}"
    return pyproj.Transformer.from_crs(
        "EPSG:4326", f"+proj=laea {centre} +units=m +ellps=WGS84", always_xy=True
    )


def projected(lon: np.ndarray, lat: np.ndarray, plane: pyproj.Transformer) -> np.ndarray:
    """Return metres east and north in the plane, shape (n, 2)."""
    return np.stack(plane.transform(lon, lat), axis=1)


@dataclass(frozen=True)
class Grid:
    """Square cells of `cell_m`; cell 0 is the south-west one, numbers run east, then north."""

    cell_m: float
    west: int  # of the first column, in cells east of the plane's origin
    south: int
    columns: int
    rows: int

    @classmethod
    def covering(cls, xy: np.ndarray, cell_m: float, margin_m: float = MARGIN_M) -> "Grid":
        """Return the grid that covers the points (n, 2) in metres, with a margin.

        Raises:
            BadGrid: no point, or more than a million cells.
        """
        if len(xy) == 0 or cell_m <= 0:
            raise BadGrid("no incident to lay a grid over, or a cell without size")
        margin = int(np.ceil(margin_m / cell_m))
        west, south = np.floor(xy.min(axis=0) / cell_m).astype(int) - margin
        east, north = np.floor(xy.max(axis=0) / cell_m).astype(int) + margin
        grid = cls(cell_m, int(west), int(south), int(east - west + 1), int(north - south + 1))
        if grid.size > MAX_CELLS:
            raise BadGrid(f"{grid.size} cells of {cell_m:g} m: take larger cells or a smaller area")
        return grid

    @property
    def size(self) -> int:
        return self.rows * self.columns

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    def cells(self, xy: np.ndarray) -> np.ndarray:
        """Return the cell of each point, -1 outside the grid."""
        column, row = (np.floor(xy / self.cell_m).astype(int) - (self.west, self.south)).T
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.columns + column, -1)

    @cached_property
    def centres(self) -> np.ndarray:
        """Middle of each cell in metres, shape (cells, 2)."""
        row, column = np.divmod(np.arange(self.size), self.columns)
        return (np.stack([column + self.west, row + self.south], axis=1) + 0.5) * self.cell_m


def cells_ever_hit(xy: np.ndarray, cell_m: float) -> int:
    """Return how many cells hold at least one of the points."""
    return len(np.unique(np.floor(xy / cell_m).astype(int), axis=0))


@dataclass(frozen=True)
class Periods:
    """Weeks counted from `start` (0 = the first one after it, -1 the last before), or months."""

    start: np.datetime64
    is_monthly: bool = False

    def index(self, at: np.ndarray) -> np.ndarray:
        """Return the period of each local time (datetime64)."""
        if self.is_monthly:
            return (at.astype("datetime64[M]") - self.start.astype("datetime64[M]")).astype(int)
        hours = (at - self.start) / np.timedelta64(1, "h")
        return np.floor(hours / WEEK_H).astype(int)

    def begin(self, index: int) -> np.datetime64:
        """Return when a period begins, a day."""
        if self.is_monthly:
            return (self.start.astype("datetime64[M]") + index).astype("datetime64[D]")
        return self.start.astype("datetime64[D]") + 7 * index

    def days(self, index: int, first: np.datetime64, until: np.datetime64) -> float:
        """Return how many days of the period lie in [first, until)."""
        begin, end = max(self.begin(index), first), min(self.begin(index + 1), until)
        return max(float((end - begin) / np.timedelta64(1, "D")), 0.0)
