"""A Gamma-Poisson map with a kernel prior, its strengths learnt by leaving periods out.

A cell's rate has a gamma prior whose mean is a kernel map; its posterior mean (c + s m) / (n + s)
mixes the cell's own counts with kernels of several widths. The weights are those under which
incidents of left-out periods are likeliest (EM on a convex problem), so thin data lean on the
neighbourhood and ample data on the cell. After Clayton and Kaldor (1987); the dictionary of widths
and memories after Flaxman et al. (2019, arXiv 1801.02858).
"""

from dataclasses import dataclass

import numpy as np

from models.risk.history import BANDWIDTHS_M, Component, History

RECENT = 26  # periods: half a year of weeks
LASTING = tuple(Component(b) for b in BANDWIDTHS_M)
SLOW = (Component(0, RECENT), Component(300, RECENT))
QUICK = tuple(Component(b, h, False) for b in (0, 300) for h in (8, 1.5))
EVEN = (Component(None),)
LENT = tuple(Component(b, is_lent=True) for b in (0, 300, 1_200))
MAX_TARGETS = 26  # periods left out in turn
TOLERANCE = 1e-4


@dataclass(frozen=True)
class KernelMixture:
    """Weights (components,) of the components; they sum to 1."""

    components: tuple[Component, ...]
    weights: np.ndarray

    def share(self, history: History, target: int, known_until: int) -> np.ndarray:
        """Return the expected share of each cell in the incidents of `target`."""
        surface = np.zeros(history.grid.size)
        for component, weight in zip(self.components, self.weights, strict=True):
            if weight > TOLERANCE:
                surface += weight * history.share(component, target, known_until)
        return surface / surface.sum()

    def split(
        self, history: History, target: int, known_until: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what an incident of each period (periods,) adds to its own place, and the rest.

        The rest (cells,) is spread by kernels; with the own parts of all incidents it sums to 1.
        """
        own, rest = np.zeros(len(history.periods)), np.zeros(history.grid.size)
        for component, weight in zip(self.components, self.weights, strict=True):
            if component.bandwidth_m == 0 and not component.is_lent:
                fading = component.period_weights(history.periods, target, known_until)
                own += weight * fading / max(fading @ history.counts.sum(axis=1), 1e-12)
            elif weight > TOLERANCE:
                rest += weight * history.share(component, target, known_until)
        return own, rest

    def own_weight(self) -> float:
        """Return how much of a cell's expectation comes from its own incidents."""
        return float(sum(w for c, w in zip(self.components, self.weights, strict=True)
                         if c.bandwidth_m == 0 and not c.is_lent))  # fmt: skip


def fit_mixture(history: History, known_until: int, self_exciting: bool = False) -> KernelMixture:
    """Fit on the periods before `known_until`, each told from the others.

    `self_exciting` adds what last weeks did to the same place and its surroundings; ask
    near_repeat whether pair counts show such a thing.
    """
    lent = () if history.lender is None else LENT
    components = LASTING + SLOW + (QUICK if self_exciting else ()) + lent + EVEN
    likelihoods, counts = [], []
    for target in targets(history, known_until):
        seen = history.count(target)
        hit = np.flatnonzero(seen)
        shares = [history.share(c, target, known_until)[hit] for c in components]
        likelihoods.append(np.stack(shares, axis=1))
        counts.append(seen[hit])
    if not likelihoods:
        return KernelMixture(components, np.full(len(components), 1 / len(components)))
    return KernelMixture(components, mixture_weights(np.vstack(likelihoods), np.hstack(counts)))


def targets(history: History, known_until: int) -> list[int]:
    """Periods that are left out in turn: the last ones known."""
    known = history.periods[history.periods < known_until]
    return known[-MAX_TARGETS:].tolist() if len(known) > 1 else []


def mixture_weights(likelihoods: np.ndarray, counts: np.ndarray, rounds: int = 200) -> np.ndarray:
    """Weights (components,) that make the incidents likeliest, by EM from equal weights.

    `likelihoods` (cells, components): share of a cell under each; `counts` (cells,) seen there.
    """
    weights = np.full(likelihoods.shape[1], 1 / likelihoods.shape[1])
    for _ in range(rounds):
        mixed = np.maximum(likelihoods @ weights, 1e-300)
        better = weights * (likelihoods.T @ (counts / mixed)) / counts.sum()
        if np.abs(better - weights).max() < TOLERANCE:
            return better / better.sum()
        weights = better
    return weights / weights.sum()
