"""The weekly forecast as rows by cell and hour.

`fit` is called once a week on what is known, `rows` and `bands` give what is published; `stored`
keeps the surface, and forecast_score judges it once the week is over.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.risk import baseline, scorecard
from models.risk.aoristic import HOURS, aoristic_weights, hour_of_week
from models.risk.grid import Grid, Periods, cells_ever_hit
from models.risk.history import History
from models.risk.level import interval
from models.risk.near_repeat import NEAR_M, SOON_DAYS, shows_near_repeat
from models.risk.outlook import Outlook, free_windows, outlook
from models.risk.windows import Windows

MODEL_VERSION = "place-forecast-1"
# Where attention goes first: each band ends at an area share that the scorecard judges.
BANDS = dict(zip(("highest", "high", "raised"), scorecard.AREA_SHARES, strict=True))


class NotEnoughIncidents(ValueError):
    """There is too little past to forecast from; says what is wanted."""


@dataclass(frozen=True)
class Incidents:
    """Known incidents: `xy` (n, 2) metres in the grid's plane; `start`, `end` (n,) local time.

    `found_by` (n,) says who found each, where it is known.
    """

    xy: np.ndarray
    start: np.ndarray
    end: np.ndarray
    found_by: np.ndarray | None = None

    def only(self, chosen: np.ndarray) -> "Incidents":
        """Return those of a mask (n,)."""
        found_by = None if self.found_by is None else self.found_by[chosen]
        return Incidents(self.xy[chosen], self.start[chosen], self.end[chosen], found_by)

    @property
    def middle(self) -> np.ndarray:
        span = np.where(np.isnat(self.end), np.timedelta64(0, "h"), self.end - self.start)
        return (self.start + span / 2).astype("datetime64[h]")


@dataclass(frozen=True)
class Surface:
    """A week from `start` (local midnight) by cell: what is judged once the week is over."""

    start: np.datetime64
    grid: Grid
    outlook: Outlook
    windows: Windows
    cells_ever_hit: int


@dataclass(frozen=True)
class Forecast(Surface):
    """The surface with its rhythm by hour (cells, 168)."""

    rhythm: np.ndarray


def fit(
    incidents: Incidents,
    grid: Grid,
    start: np.datetime64,
    context: np.ndarray | None = None,
    near_m: float = NEAR_M,
    soon_days: int = SOON_DAYS,
) -> Forecast:
    """Fit on the incidents before `start`; later ones are ignored. `context` is (cells, k).

    Context describes places alone (distance to a stop, kind of street), never who lives there.
    `near_m` and `soon_days` say what a near repeat is.

    Raises:
        NotEnoughIncidents: fewer than two whole weeks before `start` hold incidents on the grid.
    """
    begin, cells = start.astype("datetime64[D]"), grid.cells(incidents.xy)
    known = (incidents.middle < begin) & (cells >= 0)
    xy, middle = incidents.xy[known], incidents.middle[known]
    period = Periods(begin).index(middle)
    if len(np.unique(period)) < 2:
        raise NotEnoughIncidents(f"fewer than two weeks with incidents before {begin}")
    history = History.of(grid, cells[known], period)
    total = cells_ever_hit(xy, grid.cell_m)
    named = scorecard.cells_of(BANDS["high"], total)
    first = middle.min().astype("datetime64[D]")
    told = outlook(
        history, 0, lambda p: Periods(begin).days(p, first, begin + 7), named,
        shows_near_repeat(xy, middle, near_m, soon_days), context,
    )  # fmt: skip
    windows = free_windows(told, history, xy, period, named, told.choice.ranking)
    spans = incidents.start[known], incidents.end[known]
    return Forecast(begin, grid, told, windows, total, _rhythm(cells[known], *spans, grid.size))


def _rhythm(cells: np.ndarray, start: np.ndarray, end: np.ndarray, size: int) -> np.ndarray:
    """Share of each hour of the local week by cell: the city's, bent where a cell's own is known.

    Shape (cells, 168), from Monday 00:00; the strength of the city's rhythm is fitted (baseline).
    """
    incident, hour, weight = aoristic_weights(start, end)
    hit, place = np.unique(cells, return_inverse=True)
    counts = np.zeros((len(hit), HOURS))
    np.add.at(counts, (place[incident], hour_of_week(hour)), weight)
    fitted = baseline.fit(counts, weeks=1).rate
    city = baseline.separable_mean(counts.sum(axis=0, keepdims=True))
    rhythm = np.broadcast_to(city / city.sum(), (size, HOURS)).copy()
    rhythm[hit] = fitted / fitted.sum(axis=1, keepdims=True)
    return rhythm


def bands(surface: Surface) -> dict[int, str]:
    """Return the named cells, best first, each with its band; all others are as usual."""
    order, found = surface.outlook.order(), {}
    for band, share in BANDS.items():
        for cell in order[: scorecard.cells_of(share, surface.cells_ever_hit)].tolist():
            found.setdefault(cell, band)
    return found


def rows(
    forecast: Forecast, hours: int = HOURS, step_h: int = 1, cells: np.ndarray | None = None
) -> pd.DataFrame:
    """Return cell, starts_at (local), step_h, expected, low, high, method for the next hours.

    One row per step and cell, of `cells` or all; low and high are the 90 % interval of that step's
    own count, so a step of a day or the week says more than an hour, where nearly every interval
    is 0 to 0.

    Raises:
        ValueError: not 24 to 168 hours, or steps that do not fill them.
    """
    if not 24 <= hours <= HOURS or hours % step_h:
        raise ValueError(f"{hours} h in steps of {step_h}: take 24 to 168, and a divisor of it")
    cells = np.arange(forecast.grid.size) if cells is None else np.asarray(cells, int)
    told, begin = forecast.outlook, int(hour_of_week(forecast.start[None])[0])
    rhythm = np.roll(forecast.rhythm[cells], -begin, axis=1)[:, :hours]
    share = rhythm.reshape(len(cells), -1, step_h).sum(axis=2)
    expected = told.expected()[cells, None] * share
    low, high = interval(expected, told.dispersion, told.tail)
    starts = forecast.start.astype("datetime64[h]") + np.arange(0, hours, step_h)
    return pd.DataFrame(
        {
            "cell": np.repeat(cells, share.shape[1]),
            "starts_at": np.tile(starts, len(share)),
            "step_h": step_h,
            "expected": expected.ravel(),
            "low": low.ravel().astype(int),
            "high": high.ravel().astype(int),
            "method": told.choice.expected,
        }
    )
