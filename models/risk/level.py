"""How many incidents a period will hold in all, and how far counts scatter around what is expected.

The level follows the daily rate by exponential smoothing, its speed chosen by one-step errors.
The scatter is negative binomial, var = mu + dispersion * mu^2, learnt on earlier periods.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import nbinom

SPEEDS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
COVERAGE = 0.90
NO_DISPERSION = 1e-6


@dataclass(frozen=True)
class Level:
    """`daily`: incidents a day expected next; `dispersion` of a period's total around it."""

    daily: float
    dispersion: float


def fit_level(totals: np.ndarray, days: np.ndarray) -> Level:
    """Fit on totals of past periods, oldest first, each over its days.

    Raises:
        ValueError: no period with days.
    """
    totals, days = totals[days > 0], days[days > 0]
    if len(totals) == 0:
        raise ValueError("no past period to learn the level from: give earlier incidents")
    daily, speed = totals / days, SPEEDS[0]
    if len(totals) > 2:
        speed = min(SPEEDS, key=lambda s: _one_step_loss(daily, days, s))
    told = smoothed_levels(daily, speed)
    return Level(float(told[-1]), fitted_dispersion(told[1:-1] * days[1:], totals[1:]))


def smoothed_levels(daily: np.ndarray, speed: float) -> np.ndarray:
    """Level before each period and after the last; early on a plain mean, so no start is typed."""
    levels, level = [float(daily[0])], float(daily[0])
    for index, value in enumerate(daily):
        level += max(speed, 1 / (index + 1)) * (value - level)
        levels.append(level)
    return np.array(levels)


def _one_step_loss(daily: np.ndarray, days: np.ndarray, speed: float) -> float:
    told = np.maximum(smoothed_levels(daily, speed)[1:-1], 1e-9)
    return float((days[1:] * (daily[1:] - told) ** 2 / told).sum())


def fitted_dispersion(expected: np.ndarray, counts: np.ndarray) -> float:
    """Dispersion that makes the counts likeliest (negative binomial); 0 when Poisson suffices."""
    expected, counts = expected[expected > 0], counts[expected > 0]
    if len(counts) < 2:
        return 0.0

    def loss(log_dispersion: float) -> float:
        size = np.exp(-log_dispersion)
        return -float(negative_binomial_log(counts, expected, 1 / size).sum())

    found = minimize_scalar(loss, bounds=(np.log(NO_DISPERSION), np.log(10)), method="bounded")
    return float(np.exp(found.x)) if np.exp(found.x) > 2 * NO_DISPERSION else 0.0


def negative_binomial_log(
    counts: np.ndarray, expected: np.ndarray, dispersion: float
) -> np.ndarray:
    """Log probability of each count; dispersion 0 is Poisson."""
    size = 1 / max(dispersion, NO_DISPERSION)
    mean = np.maximum(expected, 1e-12)
    shape = gammaln(counts + size) - gammaln(size) - gammaln(counts + 1)
    return shape - size * np.log1p(mean / size) + counts * np.log(mean / (mean + size))


def mid_p(counts: np.ndarray, expected: np.ndarray, dispersion: float) -> np.ndarray:
    """Probability of fewer, and half of that of as many (Lancaster 1961): 0.5 on average."""
    spread = _spread(expected, dispersion)
    return spread.cdf(counts) - spread.pmf(counts) / 2


def fitted_tail(expected: np.ndarray, counts: np.ndarray, dispersion: float) -> float:
    """Mid-P below and above which a tenth of the counts lies: the tail that holds what it says.

    Counts are whole, so the central 90 % of a distribution holds 95 % of small counts. The tail is
    therefore read off left-out counts (conformal prediction, Vovk et al. 2005).
    """
    if len(counts) == 0:
        return (1 - COVERAGE) / 2
    distance = np.abs(mid_p(counts, expected, dispersion) - 0.5)
    return float(np.clip(0.5 - np.quantile(distance, COVERAGE), 0.001, 0.25))


def interval(expected: np.ndarray, dispersion: float, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest count whose mid-P lies within [tail, 1 - tail]; both are included.

    Expected counts that agree to a thousandth share one computation.
    """
    steps = np.round(np.log(np.maximum(expected, 1e-12)), 3)
    told, place = np.unique(steps, return_inverse=True)
    mean = np.exp(told)
    spread = _spread(mean, dispersion)
    low, high = spread.ppf(tail), spread.ppf(1 - tail)
    low += mid_p(low, mean, dispersion) < tail
    high -= mid_p(high, mean, dispersion) > 1 - tail
    shape = np.shape(expected)
    return low[place].reshape(shape), np.maximum(high, low)[place].reshape(shape)


def _spread(mean: np.ndarray, dispersion: float):
    mean, size = np.maximum(mean, 1e-12), 1 / max(dispersion, NO_DISPERSION)
    return nbinom(size, size / (size + mean))
