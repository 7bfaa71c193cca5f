"""Poisson regression on left-out periods: what was expected there against what came.

The mixture shrinks every cell alike, but busy addresses fall back less than chance finds do. A
log-linear Poisson regression on the logarithm of the mixture, bent at five knots, says by how much;
with lags, rings and context of the cell added it is a model of its own (`Regression`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.risk.gamma_poisson import KernelMixture, targets
from models.risk.history import Component, History

KNOTS = (0.2, 0.4, 0.6, 0.8, 0.92)  # shares of all that is expected
BINS = 200
RIDGE = 10.0  # prior precision: a slope rarely leaves its neighbour's by more than 0.3
MIN_EXPECTED = 0.02  # incidents a period; below it a cell keeps the mixture's value
LAGS = ((0, 8), (300, 8), (0, 1.5))
TINY = 1e-12


def poisson_fit(
    features: np.ndarray, counts: np.ndarray, log_exposure: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Coefficients of a log-linear Poisson regression, drawn to `start` by a ridge (Newton)."""
    coefficients, penalty = start.copy(), RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 1e-6  # the level is free
    for _ in range(30):
        rate = np.exp(np.clip(features @ coefficients + log_exposure, -30, 15))
        slope = features.T @ (counts - rate) - penalty @ (coefficients - start)
        step = np.linalg.solve((features * rate[:, None]).T @ features + penalty, slope)
        coefficients += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return coefficients


@dataclass(frozen=True)
class Calibration:
    """log rate = a + b log share + bends at the knots (log shares)."""

    knots: np.ndarray
    coefficients: np.ndarray

    def apply(self, share: np.ndarray) -> np.ndarray:
        """Return calibrated shares, which sum to 1."""
        log_rate = _bent(share, self.knots) @ self.coefficients
        rate = np.exp(np.clip(log_rate, -60, 10))
        return rate / rate.sum()


def _bent(share: np.ndarray, knots: np.ndarray) -> np.ndarray:
    log_share = np.log(np.maximum(share, TINY))
    bends = np.maximum(log_share[:, None] - knots, 0)
    return np.column_stack([np.ones_like(log_share), log_share, bends])


@dataclass(frozen=True)
class LeftOut:
    """Periods left out in turn: their number, shares told (targets, cells), and counts seen."""

    targets: Sequence[int]
    shares: np.ndarray
    counts: np.ndarray

    @property
    def expected(self) -> np.ndarray:
        return self.shares * self.counts.sum(axis=1, keepdims=True)


def leave_out(mixture: KernelMixture, history: History, known_until: int) -> LeftOut:
    """Tell each of the last known periods from the others."""
    chosen = targets(history, known_until)
    shares = [mixture.share(history, target, known_until) for target in chosen]
    counts = [history.count(target) for target in chosen]
    shape = (len(chosen), history.grid.size)
    return LeftOut(chosen, np.reshape(shares, shape), np.reshape(counts, shape))


def fit_calibration(left_out: LeftOut) -> Calibration:
    """Fit on bins of equal expected counts, so that a city's million empty cells cost nothing."""
    order = np.argsort(left_out.expected, axis=None)
    parts = (left_out.expected, left_out.counts, left_out.shares)
    expected, counts, shares = (part.ravel()[order] for part in parts)
    reached = expected.cumsum() / max(expected.sum(), TINY)
    at_knot = np.searchsorted(reached, KNOTS).clip(max=len(shares) - 1)
    knots = np.log(np.maximum(shares[at_knot], TINY))
    told, seen, mean_share = _binned(expected, counts, shares, reached)
    start = np.concatenate([[0.0, 1.0], np.zeros(len(KNOTS))])
    exposure = np.log(told / mean_share)
    return Calibration(knots, poisson_fit(_bent(mean_share, knots), seen, exposure, start))


def _binned(expected, counts, shares, reached) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected and seen counts and the mean share of each bin in which something is expected."""
    bin_of = np.minimum((reached * BINS).astype(int), BINS - 1)
    sums = [np.bincount(bin_of, v, BINS) for v in (expected, counts, shares * expected)]
    told, seen, weighted = (part[sums[0] > TINY] for part in sums)
    return told, seen, weighted / told


@dataclass(frozen=True)
class Regression:
    """Poisson regression on calibrated shares, lags, rings and context."""

    calibration: Calibration
    mixture: KernelMixture
    coefficients: np.ndarray
    context: np.ndarray | None

    def share(self, history: History, target: int, known_until: int) -> np.ndarray:
        """Return the expected share of each cell; sums to 1."""
        base = self.calibration.apply(self.mixture.share(history, target, known_until))
        features = _features(history, base, target, known_until, self.context)
        rate = base * np.exp(np.clip(features @ self.coefficients, -3, 3))
        return rate / rate.sum()


def _features(history, base, target, known_until, context) -> np.ndarray:
    """1, and logarithms of: recent over lasting in the cell and its ring, ring over district."""

    def told(bandwidth_m, half_life=None) -> np.ndarray:
        component = Component(bandwidth_m, half_life, half_life is None)
        return history.share(component, target, known_until) + base

    lags = [np.log(told(b, h) / told(b)) for b, h in LAGS]
    ring = np.log(told(300) / told(1_200))
    extra = [] if context is None else list(np.asarray(context, float).T)
    return np.column_stack([np.ones_like(base), *lags, ring, *extra])


def fit_regression(
    left_out: LeftOut,
    calibration: Calibration,
    mixture: KernelMixture,
    history: History,
    known_until: int,
    context: np.ndarray | None = None,
) -> Regression:
    """Fit on cells and periods where something is expected; `context` (cells, k) is scaled."""
    if context is not None:
        context = (context - context.mean(axis=0)) / np.maximum(context.std(axis=0), TINY)
    width = 2 + len(LAGS) + (0 if context is None else context.shape[1])
    rows, counts, exposure = [np.empty((0, width))], [np.empty(0)], [np.empty(0)]
    for target, share, seen in zip(left_out.targets, left_out.shares, left_out.counts, strict=True):
        base = calibration.apply(share)
        used = base * seen.sum() > MIN_EXPECTED
        rows.append(_features(history, base, target, known_until, context)[used])
        counts.append(seen[used])
        exposure.append(np.log(base[used] * seen.sum()))
    parts = np.vstack(rows), np.hstack(counts), np.hstack(exposure)
    return Regression(calibration, mixture, poisson_fit(*parts, np.zeros(width)), context)
