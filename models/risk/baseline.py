"""Expected incidents per zone and hour of the week: a Gamma-Poisson mean, shrunk where data thin.

Each cell's rate has a gamma prior whose mean is separable (zone total x hour-of-week profile of the
city) and whose strength is fitted by marginal likelihood (negative binomial). Where a zone has many
incidents its own counts speak; where it has few, the city's rhythm does, bent by who is there at
which hour where that tells it better (covariates.py). Method: empirical Bayes after Clayton and
Kaldor (1987), with the profile smoothed over neighbouring hours.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

HOURS = 168
MODEL_VERSION = "gamma-poisson-2"


@dataclass(frozen=True)
class Baseline:
    """`rate`: expected incidents per hour, shape (zones, 168); `strength`: fitted prior weight."""

    rate: np.ndarray
    strength: float


def fit(counts: np.ndarray, weeks: float, log_exposure: np.ndarray | None = None) -> Baseline:
    """Fit on counts of shape (zones, 168) gathered over `weeks` weeks.

    `log_exposure` (zones, 168): logarithm of how much more than the city's rhythm an hour has.

    Raises:
        ValueError: wrong shape, or no week of data.
    """
    if counts.ndim != 2 or counts.shape[1] != HOURS or weeks <= 0:
        raise ValueError(f"counts must be (zones, {HOURS}) over at least part of a week")
    mean = separable_mean(counts, log_exposure)
    strength = _fitted_strength(counts, mean)
    rate = (counts + strength * mean) / (1 + strength) / weeks
    return Baseline(rate=rate, strength=strength)


def separable_mean(counts: np.ndarray, log_exposure: np.ndarray | None = None) -> np.ndarray:
    """Zone total x its profile over the week; same sum as `counts`."""
    zones = counts.sum(axis=1) + 0.5
    profile = np.tile(city_profile(counts), (len(zones), 1))
    if log_exposure is not None:
        profile *= np.exp(log_exposure)
    return zones[:, None] * profile / profile.sum(axis=1, keepdims=True)


def city_profile(counts: np.ndarray) -> np.ndarray:
    """Share of each hour of the week (168,) over all zones, smoothed circularly; nowhere 0."""
    hours = np.convolve(np.tile(counts.sum(axis=0), 3), [0.25, 0.5, 0.25], mode="same")
    hours = hours[HOURS : 2 * HOURS] + 0.5
    return hours / hours.sum()


def _fitted_strength(counts: np.ndarray, mean: np.ndarray) -> float:
    """Prior weight that maximises the marginal (negative binomial) likelihood."""

    def loss(log_strength: float) -> float:
        shape = np.exp(log_strength) * mean
        p = np.exp(log_strength) / (1 + np.exp(log_strength))
        likelihood = gammaln(counts + shape) - gammaln(shape) - gammaln(counts + 1)
        return -float(np.sum(likelihood + shape * np.log(p) + counts * np.log1p(-p)))

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 6), method="bounded").x))
