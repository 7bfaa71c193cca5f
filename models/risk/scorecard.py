"""Figures that judge a place forecast. Pure functions of expected and later counts.

`expected`, `later`: counts by cell (cells,) of one period, or (periods, cells). Areas are
shares of the cells ever hit, since a share of all cells would reward a map with much empty land.
"""

import numpy as np
from scipy.stats import spearmanr

from models.risk.level import NO_DISPERSION, fitted_dispersion

AREA_SHARES = (0.01, 0.05, 0.10)
BINS, DRAWS, SEED = 10, 20, 7


def cells_of(area_share: float, cells_ever_hit: int) -> int:
    """Number of cells in a share of the area, one at least."""
    return max(1, round(area_share * cells_ever_hit))


def ratio(part: float, whole: float) -> float | None:
    """Part over whole; None where the whole is nothing.

    Hits over incidents are the hit rate; hits over those of the best cells in hindsight the
    prediction efficiency index (PEI, Hunt 2016); observed over expected says the calibration.
    """
    return float(part / whole) if whole else None


def pai(rate: float | None, area_share: float) -> float | None:
    """Predictive accuracy index (Chainey et al. 2008): hit rate over the share of the area."""
    return None if rate is None else rate / area_share


def best_hits(later: np.ndarray, cells: int) -> float:
    """Hits of whoever knew what was to come: the `cells` fullest cells of one period."""
    return float(np.sort(later)[::-1][:cells].sum())


def ceiling(
    expected: np.ndarray, later: np.ndarray, cells: int, draws: int = DRAWS
) -> float | None:
    """Hit rate of whoever knew the true mean of each cell, simulated (seed 7).

    The true means are not known. They are drawn from what a forecast and the later counts (cells,)
    say together: gamma around the forecast, as wide as the later counts scatter (fitted), updated
    with those counts. None without incidents.
    """
    if expected.sum() <= 0 or later.sum() == 0:
        return None
    strength = 1 / max(fitted_dispersion(expected, later), NO_DISPERSION)
    shape, rate = strength + later, strength / np.maximum(expected, 1e-12) + 1
    rng, shares = np.random.default_rng(SEED), []
    for _ in range(draws):
        means = rng.gamma(shape) / rate
        shares.append(np.sort(means)[::-1][:cells].sum() / means.sum())
    return float(np.mean(shares))


def reliability(
    expected: np.ndarray, later: np.ndarray, bins: int = BINS
) -> list[dict[str, float]]:
    """Observed against expected counts in bins that hold equal expected sums, lowest first."""
    expected, later = expected.ravel(), later.ravel()
    order = np.argsort(expected, kind="stable")
    reached = expected[order].cumsum() / max(expected.sum(), 1e-12)
    bin_of = np.minimum((reached * bins).astype(int), bins - 1)
    told, seen, size = (np.bincount(bin_of, v, bins) for v in (expected[order], later[order], None))
    return [
        {"cells": int(n), "expected": float(e), "observed": float(o)}
        for n, e, o in zip(size, told, seen, strict=True)
        if n
    ]


def coverage(low: np.ndarray, high: np.ndarray, later: np.ndarray) -> float | None:
    """Share of later counts within their interval, both ends included."""
    return float(((low <= later) & (later <= high)).mean()) if later.size else None


def ranking_stability(before: np.ndarray, after: np.ndarray, cells: int) -> dict[str, float]:
    """Two refits: share of the top cells that both name, and rank correlation of all cells."""
    tops = (set(np.argsort(-s, kind="stable")[:cells].tolist()) for s in (before, after))
    first, second = tops
    return {
        "top_shared": len(first & second) / cells,
        "rank_correlation": float(spearmanr(before, after).statistic),
    }


def by_finder(hits: np.ndarray, found_by: np.ndarray) -> dict[str, dict[str, float]]:
    """Hit rate by who found the incident: reported by people, or found by a patrol.

    `hits` (incidents,) says whether the forecast named the place. A rate that is higher for what
    patrols find may only say that patrols go where the map sends them.
    """
    return {
        str(finder): {
            "incidents": int((found_by == finder).sum()),
            "hit_rate": float(hits[found_by == finder].mean()),
        }
        for finder in np.unique(found_by)
    }
