"""Incidents from CSV files that other people made: places checked, times read, rows counted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.evaluation.incident_times import midpoints, times_of

SEPARATORS = (",", ";", "\t", "|")
STRAY_SPANS = 5.0  # times the middle half's span beyond it; a geocode further away is an error


class BadIncidents(ValueError):
    """A file of incidents cannot be used; names file, column and remedy."""


@dataclass(frozen=True)
class IncidentFile:
    """lon, lat in degrees (EPSG:4326), `at` datetime64[h] as the file has it; rows left out."""

    lon: np.ndarray
    lat: np.ndarray
    at: np.ndarray
    category: np.ndarray | None
    is_monthly: bool
    left_out: int

    def only(self, kept: np.ndarray) -> "IncidentFile":
        """Return the rows that `kept` (n,) says."""
        category = None if self.category is None else self.category[kept]
        left_out = self.left_out + int((~kept).sum())
        return IncidentFile(
            self.lon[kept], self.lat[kept], self.at[kept], category, self.is_monthly, left_out
        )


def read_incidents(
    path: Path, time: list[str], lon: str, lat: str, category: str | None = None
) -> IncidentFile:
    """Read the columns; rows without place or time are counted and left out.

    Raises:
        BadIncidents: no such file or column, or no row that can be used.
        BadTimes: the time columns cannot be read.
    """
    table = _table(path, [lon, lat, *([category] if category else [])])
    east, north = _degrees(table[lon], lon, 180), _degrees(table[lat], lat, 90)
    start, end, is_monthly = times_of(table, time)
    at = midpoints(start, end)
    kept = np.isfinite(east) & np.isfinite(north) & ~np.isnat(at) & ~((east == 0) & (north == 0))
    if not kept.any():
        raise BadIncidents(f"{path.name}: no row has {lon}, {lat} and {'+'.join(time)}")
    names = table[category].str.strip().to_numpy() if category else None
    return IncidentFile(east, north, at, names, is_monthly, 0).only(kept)


def _table(path: Path, columns: list[str]) -> pd.DataFrame:
    if not path.is_file():
        raise BadIncidents(f"{path}: there is no such file")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        separator = max(SEPARATORS, key=file.readline().count)
    table = pd.read_csv(
        path, dtype=str, sep=separator, encoding="utf-8-sig", encoding_errors="replace"
    )
    table.columns = table.columns.str.strip()
    if missing := [column for column in columns if column not in table]:
        there = ", ".join(table.columns)
        raise BadIncidents(f"{path.name}: no column {', '.join(missing)}; there are: {there}")
    return table


def _degrees(column: pd.Series, name: str, limit: int) -> np.ndarray:
    values = pd.to_numeric(column.str.replace(",", "."), errors="coerce").to_numpy(float)
    known = np.isfinite(values)
    if known.any() and np.median(np.abs(values[known])) > limit:
        raise BadIncidents(f"column {name}: not degrees; convert to longitude and latitude first")
    return np.where(known & (np.abs(np.nan_to_num(values)) <= limit), values, np.nan)


def without_strays(train: IncidentFile, *files: IncidentFile) -> list[IncidentFile]:
    """Leave out places far outside the middle half of `train`: wrong geocodes blow up a map."""
    boxes = [_box(train.lon), _box(train.lat)]
    (west, east), (south, north) = boxes
    return [
        file.only(
            (west <= file.lon) & (file.lon <= east) & (south <= file.lat) & (file.lat <= north)
        )
        for file in (train, *files)
    ]


def _box(degrees: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(degrees, (0.25, 0.75))
    span = STRAY_SPANS * max(high - low, 0.01)
    return low - span, high + span
