"""The incidents of a training and a test file in one plane, one grid, one row of periods."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.evaluation.incident_file import (
    BadIncidents,
    IncidentFile,
    read_incidents,
    without_strays,
)
from models.risk.grid import Grid, Periods, cells_ever_hit, plane_of, projected
from models.risk.history import History

SEED = 7
MAX_PERIODS = 208  # four years of weeks: what is older says little and fills memory
MAX_CROSSING = 0.02  # share of a file on the other file's side of the split


@dataclass(frozen=True)
class Columns:
    """Names of the columns: one or several for the time, longitude, latitude, category."""

    time: list[str]
    lon: str
    lat: str
    category: str | None = None


@dataclass(frozen=True)
class Town:
    """`xy` (n, 2) metres, `at` local, `period` (n,): from 0 on it is later than all training.

    `is_kept` says what may be learnt from, `kept_share` how much of everything that is; `spans` are
    the days from which to which (not included) each file has incidents.
    """

    xy: np.ndarray
    at: np.ndarray
    period: np.ndarray
    category: np.ndarray | None
    is_kept: np.ndarray
    kept_share: float
    spans: list[tuple[np.datetime64, np.datetime64]]
    periods: Periods
    grid: Grid
    cells_total: int
    left_out: int

    @property
    def later_periods(self) -> range:
        return range(int(self.period.max()) + 1)

    def days(self, period: int) -> float:
        """Days of a period within the time that the files cover; a gap between them is none."""
        return sum(self.periods.days(period, first, until) for first, until in self.spans)

    def of(self, kind: str) -> "Town":
        """Return the same town with the incidents of one category alone."""
        chosen = self.category == kind
        rows = (self.xy, self.at, self.period, self.category, self.is_kept)
        xy, at, period, category, is_kept = (row[chosen] for row in rows)
        total = cells_ever_hit(xy, self.grid.cell_m)
        changed = {"xy": xy, "at": at, "period": period, "category": category, "is_kept": is_kept}
        return replace(self, **changed, cells_total=total)

    def history(self, lender: History | None = None) -> History:
        """Maps of what may be learnt from, all periods; whoever reads them says what is known."""
        a_year = 12 if self.periods.is_monthly else 52
        cells = self.grid.cells(self.xy[self.is_kept])
        return History.of(self.grid, cells, self.period[self.is_kept], a_year, lender)

    def later_counts(self, period: int, of: np.ndarray) -> np.ndarray:
        """Counts by cell of one period, of the incidents that `of` (n,) says."""
        cells = self.grid.cells(self.xy[of & (self.period == period)])
        return np.bincount(cells[cells >= 0], minlength=self.grid.size)


def read_town(
    train: Path, test: Path, columns: Columns, cell_m: float, keep: int | None = None
) -> Town:
    """Read both files; the plane and the grid follow the training file alone.

    `keep` thins training to that many incidents (seed 7), and by the same share what is learnt from
    later, as if the town were so small; scores still count every later incident.

    Raises:
        BadIncidents, BadTimes, BadGrid: see there; also when the test is not later than training.
    """
    named = (columns.time, columns.lon, columns.lat, columns.category)
    earlier, later = without_strays(*(read_incidents(path, *named) for path in (train, test)))
    if len(later.at) == 0:
        raise BadIncidents(f"{test.name}: no incident lies near those of {train.name}")
    earlier, later, periods = _in_order(earlier, later, test.name)
    if len(np.unique(periods.index(earlier.at))) < 2:
        raise BadIncidents(f"{train.name}: give incidents of two weeks or months before the test")
    plane = plane_of(earlier.lon, earlier.lat)
    known, new = (projected(file.lon, file.lat, plane) for file in (earlier, later))
    is_kept, share = _thinned(len(known), len(new), keep)
    at, xy = np.concatenate([earlier.at, later.at]), np.concatenate([known, new])
    category = None
    if columns.category is not None:
        category = np.concatenate([earlier.category, later.category]).astype(str)
    return Town(
        xy, at, periods.index(at), category, is_kept, share,
        spans=[_span(file) for file in (earlier, later)],
        periods=periods,
        grid=Grid.covering(known[is_kept[: len(known)]], cell_m),
        cells_total=cells_ever_hit(xy, cell_m),
        left_out=earlier.left_out + later.left_out,
    )  # fmt: skip


def _span(file: IncidentFile) -> tuple[np.datetime64, np.datetime64]:
    step = "datetime64[M]" if file.is_monthly else "datetime64[D]"
    first, last = file.at.min().astype(step), file.at.max().astype(step)
    return first.astype("datetime64[D]"), (last + 1).astype("datetime64[D]")


def _in_order(
    earlier: IncidentFile, later: IncidentFile, name: str
) -> tuple[IncidentFile, IncidentFile, Periods]:
    """Return both files on their sides of the day on which the test begins, and its periods.

    The middles of intervals cross a split that was made by their starts: a few may, and are put on
    the side of their file. What is older than four years is left out.
    """
    is_monthly = earlier.is_monthly or later.is_monthly
    first, nearly = np.sort(later.at)[[0, int(len(later.at) * MAX_CROSSING)]]
    unit = "datetime64[M]" if is_monthly else "datetime64[D]"
    begins = [at.astype(unit).astype("datetime64[D]") for at in (first, nearly)]
    split = [at for at in begins if (earlier.at >= at).mean() <= MAX_CROSSING]
    if not split:
        raise BadIncidents(
            f"{name}: begins {first}, before training ends ({earlier.at.max()}); give later"
            " incidents as test. Parts of a date need the year where files cross one: name its"
            " column, or write it, as in --time 2017+Month+Day"
        )
    begin = split[0]
    periods = Periods(begin, is_monthly)
    begin = begin.astype("datetime64[h]")
    earlier = replace(earlier, at=np.minimum(earlier.at, begin - np.timedelta64(1, "h")))
    earlier = earlier.only(periods.index(earlier.at) >= -MAX_PERIODS)
    return earlier, replace(later, at=np.maximum(later.at, begin)), periods


def _thinned(known: int, new: int, keep: int | None) -> tuple[np.ndarray, float]:
    if keep is None or keep >= known:
        return np.ones(known + new, bool), 1.0
    rng = np.random.default_rng(SEED)
    chosen = np.zeros(known, bool)
    chosen[rng.choice(known, keep, replace=False)] = True
    return np.concatenate([chosen, rng.random(new) < keep / known]), keep / known
