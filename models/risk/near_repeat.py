"""Near repeats: do incidents follow each other in place and time more than by chance?

Knox test (1964): pairs near in both, against the same with times permuted over the incidents, so
that the number at each place and on each day stays as it is (Johnson et al. 2007).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

SEED = 7
NEAR_M = 200.0
SOON_DAYS = 7
ALPHA = 0.05
MAX_INCIDENTS = 8_000  # the most recent ones; pairs grow with the square


@dataclass(frozen=True)
class Knox:
    """Pairs within `near_m` and `soon_days`; ratio over the permutations' mean; one-sided p."""

    pairs: int
    ratio: float | None
    p: float


def knox(
    xy: np.ndarray,
    day: np.ndarray,
    near_m: float = NEAR_M,
    soon_days: int = SOON_DAYS,
    permutations: int = 199,
) -> Knox:
    """Test incidents at `xy` (n, 2) metres on whole days `day` (n,)."""
    return _by_delay(xy, day, near_m, (soon_days,), permutations)[0]


def _by_delay(
    xy: np.ndarray, day: np.ndarray, near_m: float, delays: tuple[int, ...], permutations: int
) -> list[Knox]:
    """Knox figures for each delay, on the same permutations."""
    near = cKDTree(xy).query_pairs(near_m, output_type="ndarray")
    rng, day, longest = np.random.default_rng(SEED), np.asarray(day), max(delays)

    def soon(days: np.ndarray) -> np.ndarray:
        gap = np.minimum(np.abs(days[near[:, 0]] - days[near[:, 1]]), longest + 1)
        return np.bincount(gap, minlength=longest + 2).cumsum()[list(delays)]

    seen = soon(day)
    by_chance = np.array([soon(rng.permutation(day)) for _ in range(permutations)])
    return [_figures(int(n), chance) for n, chance in zip(seen, by_chance.T, strict=True)]


def _figures(seen: int, by_chance: np.ndarray) -> Knox:
    ratio = float(seen / by_chance.mean()) if by_chance.any() else None
    return Knox(seen, ratio, float((1 + (by_chance >= seen).sum()) / (1 + len(by_chance))))


def shows_near_repeat(
    xy: np.ndarray, at: np.ndarray, near_m: float = NEAR_M, soon_days: int = SOON_DAYS
) -> bool:
    """Say whether the most recent incidents (n, 2), datetime64, repeat nearby within days."""
    recent = np.argsort(at, kind="stable")[-MAX_INCIDENTS:]
    days = at[recent].astype("datetime64[D]").astype(int)
    return len(recent) > 1 and knox(xy[recent], days, near_m, soon_days).p < ALPHA


def near_repeat_table(
    xy: np.ndarray,
    day: np.ndarray,
    distances_m: tuple[float, ...],
    days: tuple[int, ...],
    permutations: int = 199,
) -> list[dict[str, float | int | None]]:
    """Knox figures for each distance and delay: how far and how long repeats are near.

    The most recent incidents alone are looked at, as in `shows_near_repeat`.
    """
    recent = np.argsort(day, kind="stable")[-MAX_INCIDENTS:]
    return [
        {"within_m": near_m, "within_days": soon, "pairs": k.pairs, "ratio": k.ratio, "p": k.p}
        for near_m in distances_m
        for soon, k in zip(
            days, _by_delay(xy[recent], day[recent], near_m, days, permutations), strict=True
        )
    ]
