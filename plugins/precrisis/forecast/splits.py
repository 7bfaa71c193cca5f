"""Whom a forecast serves: its error and attention by district, its hits by who found an incident.

Districts are the city's own, by the zone nearest to a cell; nothing of who lives there goes in.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyproj
import shapely

from models.risk.equity import by_district, error_differs, feedback, found_where_named
from models.risk.forecast import BANDS, Incidents, NotEnoughIncidents, Surface, fit
from models.risk.scorecard import by_finder, cells_of
from precrisis.city import city
from precrisis.forecast.known import incidents_before, numbers, plane

PATROL = "patrol"


@dataclass(frozen=True)
class Judged:
    """A week's incidents: their cell in the forecast's grid (-1 outside), and who found each."""

    told: Surface
    cells: np.ndarray
    found_by: np.ndarray

    @property
    def named(self) -> np.ndarray:
        """Whether each cell was named, of the area share that the windows have."""
        named = np.zeros(self.told.grid.size, bool)
        share = cells_of(BANDS["high"], self.told.cells_ever_hit)
        named[self.told.outlook.order()[:share]] = True
        return named

    @property
    def hits(self) -> np.ndarray:
        return self.named[self.cells] & (self.cells >= 0)


def judged(told: Surface, later: Incidents) -> Judged:
    return Judged(told, told.grid.cells(later.xy), later.found_by)


def split_rows(week: Judged) -> list[dict[str, Any]]:
    """Rows of raw.forecast_split: by district, and by who found the incident."""
    rows = [_row("district", found.pop("district"), found) for found in districts(week)]
    for finder, found in by_finder(week.hits, week.found_by).items():
        counts = {"observed": found["incidents"], "hit_rate": found["hit_rate"]}
        rows.append(_row("found_by", finder, counts))
    return rows


def checks(week: Judged, learnt: np.ndarray | None) -> dict[str, float | None]:
    """Whether districts err alike, and whether the map draws patrols' finds to itself.

    `learnt` are expected counts by cell from what people reported alone, or None. The dispersion of
    single cells stands for that of districts, which is smaller: p is rather too high.
    """
    is_found, told = week.found_by == PATROL, week.told.outlook
    odds = found_where_named(is_found, week.hits) if is_found.any() else {}
    ratio = odds.get("odds_ratio")
    return {
        "districts_differ_p": error_differs(districts(week), told.dispersion),
        "found_odds_ratio": ratio if ratio is not None and np.isfinite(ratio) else None,
        "found_odds_p": odds.get("p"),
        "feedback_ratio": None if learnt is None else feedback(told.expected(), learnt, week.named),
    }


def districts(week: Judged) -> list[dict[str, Any]]:
    """Figures by district of the cells near a zone; cells far from all zones are left out."""
    names = district_of_cells(week.told)
    inside = names != ""
    later = np.bincount(week.cells[week.cells >= 0], minlength=week.told.grid.size)
    told = week.told.outlook.expected()
    return by_district(told[inside], later[inside], week.named[inside], names[inside])


def district_of_cells(told: Surface) -> np.ndarray:
    """The district of the zone nearest to each cell's middle within a cell's width, else ''."""
    zones, metres = city().zones, plane()
    shapes = [shapely.transform(z.geometry, lambda at: _metres(metres, at)) for z in zones]
    middles = shapely.points(told.grid.centres)
    tree = shapely.STRtree(shapes)
    pairs = tree.query_nearest(middles, max_distance=told.grid.cell_m, all_matches=False)
    names = np.full(told.grid.size, "", dtype=object)
    names[pairs[0]] = np.array([zone.district for zone in zones], dtype=object)[pairs[1]]
    return names.astype(str)


def _metres(metres: pyproj.Transformer, at: np.ndarray) -> np.ndarray:
    return np.stack(metres.transform(at[:, 0], at[:, 1]), axis=1)


def learnt_from_reported(connection: psycopg.Connection, told: Surface) -> np.ndarray | None:
    """Expected counts by cell of the same week from what people reported; None if too little."""
    try:
        known = incidents_before(connection, told.start.astype("datetime64[D]").item())
        is_reported = known.found_by != PATROL
        if is_reported.all():
            return None
        near_m, days = numbers().near_repeat_m.value, int(numbers().near_repeat_days.value)
        found = fit(known.only(is_reported), told.grid, told.start, near_m=near_m, soon_days=days)
        return found.outlook.expected()
    except NotEnoughIncidents:
        return None


def _row(kind: str, name: str, found: dict[str, Any]) -> dict[str, Any]:
    columns = (
        "expected", "observed", "ratio", "ratio_low", "ratio_high", "attention_share",
        "incident_share", "attention_over_incidents", "hit_rate",
    )  # fmt: skip
    return {"split": kind, "name": name, **{column: found.get(column) for column in columns}}
