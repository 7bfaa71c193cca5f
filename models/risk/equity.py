"""Do error or attention differ between districts beyond incidents? Does the map feed itself?

Pure functions of counts and places; nothing of who lives in a district goes in.
"""

import numpy as np
from scipy.stats import chi2, fisher_exact


def by_district(
    expected: np.ndarray, later: np.ndarray, named: np.ndarray, district: np.ndarray
) -> list[dict[str, object]]:
    """Compare districts on expected and later counts by cell, all arrays (cells,).

    `named` says which cells were named. `ratio` is observed over expected with its exact 95 %
    Poisson interval (Garwood 1936). `attention_over_incidents` is the district's share of what is
    expected in named cells over its share of incidents: above 1 it is looked at more than its
    incidents explain.
    """
    attention, total = (expected * named).sum(), later.sum()
    found = []
    for name in np.unique(district):
        here = district == name
        told, seen = float(expected[here].sum()), int(later[here].sum())
        low, high = poisson_interval(seen)
        looked = (expected * named)[here].sum() / max(attention, 1e-12)
        happened = seen / max(total, 1)
        found.append(
            {
                "district": str(name),
                "expected": told,
                "observed": seen,
                "ratio": seen / told if told else None,
                "ratio_low": low / told if told else None,
                "ratio_high": high / told if told else None,
                "attention_share": float(looked),
                "incident_share": float(happened),
                "attention_over_incidents": float(looked / happened) if happened else None,
            }
        )
    return found


def poisson_interval(count: int, coverage: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson mean given its count."""
    tail = (1 - coverage) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def error_differs(rows: list[dict[str, object]], dispersion: float = 0.0) -> float | None:
    """p that districts err alike: chi-square of observed around expected, both scaled to one sum.

    `dispersion` is that of district counts around their expectation beyond Poisson. None with fewer
    than two districts in which something is expected.
    """
    told = np.array([row["expected"] for row in rows], float)
    seen = np.array([row["observed"] for row in rows], float)[told > 0]
    told = told[told > 0]
    if len(told) < 2 or seen.sum() == 0:
        return None
    told = told * seen.sum() / told.sum()
    statistic = ((seen - told) ** 2 / (told + dispersion * told**2)).sum()
    return float(chi2.sf(statistic, len(told) - 1))


def feedback(
    learnt_from_all: np.ndarray, learnt_from_reported: np.ndarray, named: np.ndarray
) -> float | None:
    """How far what patrols found draws the next forecast to the cells that were named.

    Both are expected counts by cell (cells,), from a fit on all incidents and from one on those
    that people reported. Returns the named cells' share in the first over that in the second: above
    1 the map feeds itself, and is to be fitted on reported incidents alone.
    """
    both = (learnt_from_all, learnt_from_reported)
    shares = [expected[named].sum() / max(expected.sum(), 1e-12) for expected in both]
    return float(shares[0] / shares[1]) if shares[1] else None


def found_where_named(is_found: np.ndarray, is_named: np.ndarray) -> dict[str, float]:
    """Odds of having been found by a patrol within named cells over those outside (Fisher's test).

    Both (incidents,): whether a patrol found it, whether its cell was named at that time.
    """
    rows = is_named, ~is_named
    table = [[int((is_found & row).sum()), int((~is_found & row).sum())] for row in rows]
    odds, p = fisher_exact(table, alternative="greater")
    return {"odds_ratio": float(odds), "p": float(p)}
