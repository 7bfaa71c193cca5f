"""Which covariates tell when incidents happen, beyond what place and hour of the week already tell.

Conditional logistic regression: each incident took one hour out of a few that it might have taken.
Where those are the same hour of the week in the same zone, in the weeks around, this is the
time-stratified case-crossover design (Janes, Sheppard and Lumley, Epidemiology 16, 2005): whatever
stays alike over four weeks cancels. A covariate enters only where weeks that were left out are told
better with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from models.risk.choice import paired_interval

MODEL_VERSION = "conditional-logit-1"
FOLDS = 5
RIDGE = 1.0  # prior precision: on thin data a factor rarely leaves 1 by more than e
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Choices:
    """Incidents (n,) and the hours (h,) each may have taken.

    `features` (n, h, k), NaN where not known; `log_offset` (n, h) is what was expected of each hour
    before, -inf where it was not to be had; `taken` (n,) is the hour that was taken, `weight` (n,)
    the part of an incident, `week` (n,) a running number.
    """

    features: np.ndarray
    log_offset: np.ndarray
    taken: np.ndarray
    weight: np.ndarray
    week: np.ndarray

    def part(self, of: np.ndarray, columns: Sequence[int]) -> "Choices":
        """The incidents and covariates given by a mask and by positions."""
        kept = self.features[of][:, :, list(columns)]
        return Choices(kept, self.log_offset[of], self.taken[of], self.weight[of], self.week[of])


@dataclass(frozen=True)
class Covariate:
    """`coefficient` on the logarithm of the rate, 95 % interval; gain per incident left out, 99 %.

    `incidents` are those whose hours differ in it: of the others it can tell nothing.
    """

    name: str
    incidents: float
    coefficient: float
    low: float
    high: float
    gain_low: float
    gain_high: float
    is_used: bool


def select(
    choices: Choices, names: Sequence[str], only_raise: frozenset[str] = frozenset()
) -> list[Covariate]:
    """Add the covariate of the surest gain until none gains surely; tell of each what was found.

    Those in `only_raise` are used with a positive coefficient alone: a repeat is no relief.

    Raises:
        ValueError: a name too few or too many.
    """
    if len(names) != choices.features.shape[2]:
        raise ValueError(f"{choices.features.shape[2]} covariates, but {len(names)} names")
    known, used = _contrasts(choices), []
    while gains := _gains(known, names, used, only_raise):
        best = max(gains, key=lambda column: gains[column][0])
        if gains[best][0] <= 0:
            break
        used.append(best)
    fits = {column: _fit_of(known, used, column) for column in range(len(names))}
    found = {c: _gain(known, [u for u in used if u != c], c) for c in range(len(names))}
    seen = known.weight @ _differs(known)
    return [
        Covariate(name, float(seen[column]), *fits[column], *found[column], column in used)
        for column, name in enumerate(names)
    ]


def tilted(features: np.ndarray, found: Sequence[Covariate]) -> np.ndarray:
    """Logarithm of the factor that the used covariates put on a rate; unknown ones put none.

    `features` (..., k) in the order of `found`; returns (...).
    """
    coefficients = np.array([c.coefficient if c.is_used else 0.0 for c in found])
    return np.nan_to_num(features) @ coefficients


def fitted(choices: Choices) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (k,) and their covariance (k, k), by Newton's method, drawn to 0 by a ridge."""
    count = choices.features.shape[2]
    coefficients, penalty = np.zeros(count), RIDGE * np.eye(count)
    curvature = penalty
    for _ in range(30):
        share = np.exp(_log_shares(choices, coefficients))
        mean = np.einsum("nh,nhk->nk", share, choices.features)
        slope = choices.weight @ (_taken(choices) - mean) - penalty @ coefficients
        around = choices.features - mean[:, None]
        weighted = around * (share * choices.weight[:, None])[:, :, None]
        curvature = np.einsum("nhk,nhl->kl", weighted, around) + penalty
        step = np.linalg.solve(curvature, slope)
        coefficients += np.clip(step, -1, 1)
        if np.abs(step).max(initial=0) < 1e-6:
            break
    return coefficients, np.linalg.inv(curvature)


def log_likelihood(choices: Choices, coefficients: np.ndarray) -> np.ndarray:
    """Weighted logarithm of the chance that each incident (n,) took the hour it took."""
    told = _log_shares(choices, coefficients)
    return choices.weight * np.take_along_axis(told, choices.taken[:, None], axis=1)[:, 0]


def _contrasts(choices: Choices) -> Choices:
    """A covariate that is unknown in any of the hours tells nothing of them: all alike."""
    is_open = np.isfinite(choices.log_offset)[:, :, None]
    is_known = (np.isfinite(choices.features) | ~is_open).all(axis=1, keepdims=True)
    features = np.where(is_known & is_open, choices.features, 0.0)
    return Choices(features, choices.log_offset, choices.taken, choices.weight, choices.week)


def _differs(known: Choices) -> np.ndarray:
    """Whether the hours of each incident differ in each covariate (n, k)."""
    is_open = np.isfinite(known.log_offset)[:, :, None]
    highest = np.where(is_open, known.features, -np.inf).max(axis=1)
    return highest > np.where(is_open, known.features, np.inf).min(axis=1)


def _gains(
    known: Choices, names: Sequence[str], used: list[int], only_raise: frozenset[str]
) -> dict[int, tuple[float, float]]:
    """Interval of the gain of each covariate that is not used yet and may be."""
    left = [column for column in range(len(names)) if column not in used]
    may_be = {c for c in left if names[c] not in only_raise or _fit_of(known, used, c)[0] > 0}
    return {column: _gain(known, used, column) for column in left if column in may_be}


def _gain(known: Choices, used: list[int], column: int) -> tuple[float, float]:
    """99 % interval of what a covariate adds per incident in left-out weeks, drawn by week."""
    gained, fold = np.zeros(len(known.week)), known.week // 4 % FOLDS
    for out in np.unique(fold):
        for columns, sign in (([*used, column], 1), (used, -1)):
            coefficients, _ = fitted(known.part(fold != out, columns))
            of_out = known.part(fold == out, columns)
            gained[fold == out] += sign * log_likelihood(of_out, coefficients)
    _, place = np.unique(known.week, return_inverse=True)
    return paired_interval(np.bincount(place, gained), np.bincount(place, known.weight))


def _fit_of(known: Choices, used: list[int], column: int) -> tuple[float, float, float]:
    """Coefficient of a covariate with its 95 % interval, beside those that are used."""
    columns = [u for u in used if u != column] + [column]
    coefficients, covariance = fitted(known.part(np.ones(len(known.week), bool), columns))
    value, spread = float(coefficients[-1]), NORMAL_95 * float(np.sqrt(covariance[-1, -1]))
    return value, value - spread, value + spread


def _taken(choices: Choices) -> np.ndarray:
    return np.take_along_axis(choices.features, choices.taken[:, None, None], axis=1)[:, 0]


def _log_shares(choices: Choices, coefficients: np.ndarray) -> np.ndarray:
    told = choices.features @ coefficients + choices.log_offset
    return told - logsumexp(told, axis=1, keepdims=True)
