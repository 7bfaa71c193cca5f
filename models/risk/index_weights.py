"""Weights of the risk index from reviewed alerts: fitted, not typed, and dated (docs/adr/0003).

The index is a noisy-or, 1 - product of (1 - weight x signal). Where people have reviewed alerts,
the weights are those under which their decisions are likeliest, drawn to today's by a beta prior
that is worth a number of reviews: few reviews move little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.optimize import minimize

PRIOR_REVIEWS = 20.0
LOWEST, HIGHEST = 0.01, 0.99
FOLDS = 5


@dataclass(frozen=True)
class IndexWeights:
    """`weights` by signal with a 90 % interval; the day, the reviews, and the gain that was tested.

    `gain` is the log likelihood per review over today's weights on reviews left out (5 folds):
    below zero the fit is not to be used.
    """

    weights: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    fitted_on: date
    reviews: int
    gain: float


def fit_index_weights(
    signals: Mapping[str, Sequence[float]],
    accepted: Sequence[bool],
    today: Mapping[str, float],
    fitted_on: date,
    at_most: Mapping[str, float] | None = None,
) -> IndexWeights:
    """Fit on reviewed alerts: each signal (0-1) at the alert's peak hour, and whether accepted.

    `at_most` caps weights that policy limits (past incidents alone must not alert). Dismissed
    alerts must be among the reviews; what was never alerted is not, so weights of rare signals stay
    near the prior.

    Raises:
        ValueError: a signal without a weight of today, lengths that differ, no review.
    """
    names = list(today)
    if set(names) != set(signals) or any(len(v) != len(accepted) for v in signals.values()):
        raise ValueError(f"give each of {', '.join(names)} once per review")
    if len(accepted) == 0:
        raise ValueError("no reviewed alert: keep today's weights")
    values = np.array([signals[name] for name in names], float).T.clip(0, 1)
    labels, prior = np.array(accepted, bool), np.array([today[name] for name in names], float)
    caps = np.array([(at_most or {}).get(name, HIGHEST) for name in names])
    fitted = _fit(values, labels, prior, caps)
    spread = 1.645 * np.sqrt(np.diag(np.linalg.inv(_curvature(fitted, values, labels, prior))))
    bounds = [(fitted + s * spread).clip(0, 1) for s in (-1, 1)]
    named = [dict(zip(names, v.tolist(), strict=True)) for v in (fitted, *bounds)]
    return IndexWeights(*named, fitted_on, len(labels), _gain(values, labels, prior, caps))


def noisy_or(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Probability of each row of signals (n, k) under the weights (k,)."""
    return 1 - np.prod(1 - weights * values, axis=1)


def _fit(values, labels, prior, caps) -> np.ndarray:
    bounds = [(LOWEST, max(cap, LOWEST)) for cap in caps]
    start = np.clip(prior, LOWEST, np.maximum(caps, LOWEST))
    return minimize(_loss, start, (values, labels, prior), method="L-BFGS-B", bounds=bounds).x


def _loss(weights, values, labels, prior) -> float:
    inside = np.clip(weights, LOWEST / 2, 1 - LOWEST / 2)
    drawn = prior * np.log(inside) + (1 - prior) * np.log1p(-inside)
    return -(_log_likelihood(inside, values, labels).sum() + PRIOR_REVIEWS * drawn.sum())


def _log_likelihood(weights, values, labels) -> np.ndarray:
    p = noisy_or(weights, values).clip(1e-6, 1 - 1e-6)
    return np.where(labels, np.log(p), np.log1p(-p))


def _curvature(weights, values, labels, prior, step: float = 1e-3) -> np.ndarray:
    """Second differences of the loss, for the Laplace interval."""
    size = len(weights)
    steps = np.eye(size) * step

    def at(shift: np.ndarray) -> float:
        return _loss(weights + shift, values, labels, prior)

    matrix = [[at(a + b) - at(a - b) - at(b - a) + at(-a - b) for b in steps] for a in steps]
    return np.array(matrix) / (4 * step**2) + 1e-6 * np.eye(size)


def _gain(values, labels, prior, caps) -> float:
    """Log likelihood per review over the prior's, each fifth of the reviews left out in turn."""
    fold, gained = np.arange(len(labels)) % FOLDS, 0.0
    for left_out in range(min(FOLDS, len(labels))):
        out = fold == left_out
        fitted = _fit(values[~out], labels[~out], prior, caps)
        for weights, sign in ((fitted, 1), (prior, -1)):
            gained += sign * _log_likelihood(weights, values[out], labels[out]).sum()
    return float(gained / len(labels))
