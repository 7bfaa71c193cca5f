"""The weekly forecast as rows by cell and hour.

`fit` is called once a week on what is known, `rows` gives what is stored; forecast_score judges it
once the week is over.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.risk import baseline, scorecard
from models.risk.aoristic import HOURS, aoristic_weights, hour_of_week
from models.risk.grid import Grid, Periods, cells_ever_hit
from models.risk.history import History
from models.risk.level import interval
from models.risk.near_repeat import shows_near_repeat
from models.risk.outlook import Outlook, free_windows, outlook
from models.risk.windows import Windows

MODEL_VERSION = "place-forecast-1"


class NotEnoughIncidents(ValueError):
    """There is too little past to forecast from; says what is wanted."""


@dataclass(frozen=True)
class Incidents:
    """Known incidents: `xy` (n, 2) metres in the grid's plane; `start`, `end` (n,) local time."""

    xy: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        span = np.where(np.isnat(self.end), np.timedelta64(0, "h"), self.end - self.start)
        return (self.start + span / 2).astype("datetime64[h]")


@dataclass(frozen=True)
class Forecast:
    """A week from `start` (local midnight): outlook by cell, rhythm by hour (cells, 168)."""

    start: np.datetime64
    grid: Grid
    outlook: Outlook
    rhythm: np.ndarray
    windows: Windows
    cells_ever_hit: int


def fit(
    incidents: Incidents, grid: Grid, start: np.datetime64, context: np.ndarray | None = None
) -> Forecast:
    """Fit on the incidents before `start`; later ones are ignored. `context` is (cells, k).

    Context describes places alone (distance to a stop, kind of street), never who lives there.

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
    named = scorecard.cells_of(0.05, total)
    first = middle.min().astype("datetime64[D]")
    told = outlook(
        history, 0, lambda p: Periods(begin).days(p, first, begin + 7), named,
        shows_near_repeat(xy, middle), context,
    )  # fmt: skip
    windows = free_windows(told, history, xy, period, named, told.choice.ranking)
    spans = incidents.start[known], incidents.end[known]
    return Forecast(begin, grid, told, _rhythm(cells[known], *spans, grid.size), windows, total)


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


def rows(forecast: Forecast, hours: int = HOURS, step_h: int = 1) -> pd.DataFrame:
    """Return cell, starts_at (local), step_h, expected, low, high, method for the next hours.

    One row per cell and step; low and high are the 90 % interval of that step's own count, so a
    step of a day or the week says more than an hour, where nearly every interval is 0 to 0.

    Raises:
        ValueError: not 24 to 168 hours, or steps that do not fill them.
    """
    if not 24 <= hours <= HOURS or hours % step_h:
        raise ValueError(f"{hours} h in steps of {step_h}: take 24 to 168, and a divisor of it")
    told, begin = forecast.outlook, int(hour_of_week(forecast.start[None])[0])
    rhythm = np.roll(forecast.rhythm, -begin, axis=1)[:, :hours]
    share = rhythm.reshape(len(rhythm), -1, step_h).sum(axis=2)
    expected = told.expected()[:, None] * share
    low, high = interval(expected, told.dispersion, told.tail)
    starts = forecast.start.astype("datetime64[h]") + np.arange(0, hours, step_h)
    return pd.DataFrame(
        {
            "cell": np.repeat(np.arange(len(share)), share.shape[1]),
            "starts_at": np.tile(starts, len(share)),
            "step_h": step_h,
            "expected": expected.ravel(),
            "low": low.ravel().astype(int),
            "high": high.ravel().astype(int),
            "method": told.choice.expected,
        }
    )
