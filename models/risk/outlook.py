"""The outlook on one period: each method's expected counts, intervals, and what is published."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.risk.choice import Choice, choose
from models.risk.history import History
from models.risk.level import Level, fit_level, fitted_dispersion, fitted_tail, interval
from models.risk.methods import COUNT_MAP, Fitted, fit_models, ranked
from models.risk.windows import Windows, place_windows

MAX_FORWARD = 13  # periods that are told from their past, to learn how far counts scatter


@dataclass(frozen=True)
class Outlook:
    """What is told of `target` from the periods before it. Counts are for its whole length.

    `fitted` is not kept with a stored forecast: it tells later periods, and judges none.
    """

    target: int
    shares: dict[str, np.ndarray]
    total: float
    dispersion: float
    tail: float
    choice: Choice
    fitted: Fitted | None

    def expected(self, method: str | None = None) -> np.ndarray:
        """Expected count by cell (cells,) of a method; without one, of the published."""
        return self.total * self.shares[method or self.choice.expected]

    def order(self, method: str | None = None) -> np.ndarray:
        """Cells as a method names them, best first; in the published, a model breaks ties."""
        if method is not None:
            return ranked(self.shares, method)
        return ranked(self.shares, self.choice.ranking, tie_break=True)

    def interval(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest count of the published 90 % interval of each of the cells."""
        return interval(self.expected()[cells], self.dispersion, self.tail)


def outlook(
    history: History,
    target: int,
    days: Callable[[int], float],
    cells: int,
    self_exciting: bool = False,
    context: np.ndarray | None = None,
) -> Outlook:
    """Fit on the periods before `target` and tell it; `days` says how long each period is.

    `cells` is the number of cells named, by which hit rates are compared.
    """
    fitted = fit_models(history, target, self_exciting, context)
    level = _level(history, target, days)
    spread, tail = cell_scatter(history, fitted, cells)
    both = spread + level.dispersion + spread * level.dispersion
    shares = fitted.shares(history, target, target)
    choice = choose(history, fitted, cells)
    fitted = replace(fitted, left_out=None)
    return Outlook(target, shares, level.daily * days(target), both, tail, choice, fitted)


def next_outlook(
    told: Outlook, history: History, target: int, days: Callable[[int], float]
) -> Outlook:
    """Tell a later period with the fit of an earlier outlook: new counts, same weights."""
    level = _level(history, target, days)
    shares = told.fitted.shares(history, target, target)
    return replace(told, target=target, shares=shares, total=level.daily * days(target))


def _level(history: History, target: int, days: Callable[[int], float]) -> Level:
    past = history.periods[history.periods < target]
    totals = np.array([history.count(period).sum() for period in past], float)
    return fit_level(totals, np.array([days(period) for period in past]))


def cell_scatter(history: History, fitted: Fitted, cells: int) -> tuple[float, float]:
    """Return dispersion and tail of single cells around their calibrated expectation.

    Learnt on the fullest `cells` of each of the last periods, told from those before it alone, so
    that the drift of the rates is in it.
    """
    known = history.periods[history.periods < fitted.known_until]
    expected, counts = [np.empty(0)], [np.empty(0)]
    for period in known[len(known) // 2 :][-MAX_FORWARD:].tolist():
        share = fitted.calibration.apply(fitted.mixture.share(history, period, period))
        seen = history.count(period)
        top = np.argsort(-share, kind="stable")[:cells]
        expected.append(share[top] * seen.sum())
        counts.append(seen[top])
    told, seen = np.concatenate(expected), np.concatenate(counts)
    dispersion = fitted_dispersion(told, seen)
    return dispersion, fitted_tail(told, seen, dispersion)


def free_windows(
    told: Outlook, history: History, xy: np.ndarray, period: np.ndarray, cells: int, method: str
) -> Windows:
    """Place windows of a method in all as large as `cells` cells, for the told period.

    `xy` (n, 2) and `period` (n,) are the incidents of the history. The count map weighs all known
    ones alike; models by the mixture, with the rest of its expectation spread over the cells.
    """
    known = period < told.target
    mixture = told.fitted.mixture
    own, rest = mixture.split(history, told.target, told.target)
    if method == COUNT_MAP:
        own, rest = np.full(len(own), 1 / known.sum()), rest * 1e-3  # the rest breaks ties
    elif method == "persistence":
        own, rest = (history.periods == told.target - 1).astype(float), rest * 1e-6
    elif method in ("kernel-density", "last-year"):
        own, rest = np.zeros(len(own)), told.shares[method]
    mass = own[period[known] - history.first]
    return place_windows(history.grid, xy[known], mass, rest, cells)
