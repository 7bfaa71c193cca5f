"""Expected incidents per zone and hour of the week: a Gamma-Poisson mean, shrunk where data thin.

Each cell's rate has a gamma prior whose mean is separable (zone total x hour-of-week profile of the
city) and whose strength is fitted by marginal likelihood (negative binomial). Where a zone has many
incidents its own counts speak; where it has few, the city's rhythm does. Method: empirical Bayes
after Clayton and Kaldor (1987), with the profile smoothed over neighbouring hours.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

HOURS = 168
MODEL_VERSION = "gamma-poisson-1"


@dataclass(frozen=True)
class Baseline:
    """`rate`: expected incidents per hour, shape (zones, 168); `strength`: fitted prior weight."""

    rate: np.ndarray
    strength: float


def fit(counts: np.ndarray, weeks: float) -> Baseline:
    """Fit on counts of shape (zones, 168) gathered over `weeks` weeks.

    Raises:
        ValueError: wrong shape, or no week of data.
    """
    if counts.ndim != 2 or counts.shape[1] != HOURS or weeks <= 0:
        raise ValueError(f"counts must be (zones, {HOURS}) over at least part of a week")
    mean = separable_mean(counts)
    strength = _fitted_strength(counts, mean)
    rate = (counts + strength * mean) / (1 + strength) / weeks
    return Baseline(rate=rate, strength=strength)


def separable_mean(counts: np.ndarray) -> np.ndarray:
    """Zone total x city profile over the week, smoothed circularly; same sum as `counts`."""
    zones = counts.sum(axis=1) + 0.5
    profile = np.convolve(np.tile(counts.sum(axis=0), 3), [0.25, 0.5, 0.25], mode="same")
    profile = profile[HOURS : 2 * HOURS] + 0.5
    return np.outer(zones, profile / profile.sum())


def _fitted_strength(counts: np.ndarray, mean: np.ndarray) -> float:
    """Prior weight that maximises the marginal (negative binomial) likelihood."""

    def loss(log_strength: float) -> float:
        shape = np.exp(log_strength) * mean
        p = np.exp(log_strength) / (1 + np.exp(log_strength))
        likelihood = gammaln(counts + shape) - gammaln(shape) - gammaln(counts + 1)
        return -float(np.sum(likelihood + shape * np.log(p) + counts * np.log1p(-p)))

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 6), method="bounded").x))
