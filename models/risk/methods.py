"""Every way to tell the next period, on one footing: a share per cell, which sums to 1."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.risk.calibration import (
    Calibration,
    LeftOut,
    Regression,
    fit_calibration,
    fit_regression,
    leave_out,
)
from models.risk.gamma_poisson import KernelMixture, fit_mixture
from models.risk.history import Component, History

COUNT_MAP = "count-map"
GAMMA_POISSON = "gamma-poisson"
REGRESSION = "regression"
MODELS = (GAMMA_POISSON, REGRESSION)
PLAIN_DENSITY_M = 300
UNSEEN = 0.05  # share that a method which knows counts alone leaves to cells without any


@dataclass(frozen=True)
class Fitted:
    """Models fitted on the periods before `known_until`.

    `left_out` is what they told of left-out periods; large, and dropped once a choice is made.
    """

    mixture: KernelMixture
    calibration: Calibration
    regression: Regression
    left_out: LeftOut | None
    known_until: int

    def shares(self, history: History, target: int, known_until: int) -> dict[str, np.ndarray]:
        """Return the shares of `target` (cells,) by method, from periods before `known_until`."""
        told = plain_shares(history, target, known_until)
        mixed = self.mixture.share(history, target, known_until)
        told[GAMMA_POISSON] = self.calibration.apply(mixed)
        told[REGRESSION] = self.regression.share(history, target, known_until)
        return told


def fit_models(
    history: History,
    known_until: int,
    self_exciting: bool = False,
    context: np.ndarray | None = None,
) -> Fitted:
    """Fit the models on the periods before `known_until`; `context` (cells, k) describes cells."""
    mixture = fit_mixture(history, known_until, self_exciting)
    left_out = leave_out(mixture, history, known_until)
    calibration = fit_calibration(left_out)
    regression = fit_regression(left_out, calibration, mixture, history, known_until, context)
    return Fitted(mixture, calibration, regression, left_out, known_until)


def plain_shares(history: History, target: int, known_until: int) -> dict[str, np.ndarray]:
    """Count map, kernel density, the period before, the same one last year where it is known."""
    flat = {
        COUNT_MAP: history.share(Component(0), target, known_until),
        "kernel-density": history.share(Component(PLAIN_DENSITY_M), target, known_until),
        "persistence": _of_one_period(history, target - 1),
    }
    if target - history.periods_a_year >= history.first:
        flat["last-year"] = _of_one_period(history, target - history.periods_a_year)
    return flat


def _of_one_period(history: History, period: int) -> np.ndarray:
    counts = history.count(period)
    total = counts.sum()
    return counts / total if total else np.full(history.grid.size, 1 / history.grid.size)


def with_unseen(share: np.ndarray) -> np.ndarray:
    """Leave a part to cells that had nothing, else one incident there has no likelihood."""
    return (1 - UNSEEN) * share + UNSEEN / len(share)


def ranked(told: Mapping[str, np.ndarray], method: str, tie_break: bool = False) -> np.ndarray:
    """Cells by share, best first; equal ones by the Gamma-Poisson map if asked, else by place."""
    equal = told[GAMMA_POISSON] if tie_break else np.zeros_like(told[method])
    return np.lexsort((-equal, -told[method]))
