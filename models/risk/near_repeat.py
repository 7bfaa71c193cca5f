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
    near = cKDTree(xy).query_pairs(near_m, output_type="ndarray")
    rng, day = np.random.default_rng(SEED), np.asarray(day)

    def soon(days: np.ndarray) -> int:
        return int((np.abs(days[near[:, 0]] - days[near[:, 1]]) <= soon_days).sum())

    seen = soon(day)
    by_chance = np.array([soon(rng.permutation(day)) for _ in range(permutations)])
    ratio = float(seen / by_chance.mean()) if by_chance.any() else None
    return Knox(seen, ratio, float((1 + (by_chance >= seen).sum()) / (1 + permutations)))


def shows_near_repeat(xy: np.ndarray, at: np.ndarray) -> bool:
    """Say whether the most recent incidents (n, 2), datetime64, repeat nearby within a week."""
    recent = np.argsort(at, kind="stable")[-MAX_INCIDENTS:]
    days = at[recent].astype("datetime64[D]").astype(int)
    return len(recent) > 1 and knox(xy[recent], days).p < ALPHA


def near_repeat_table(
    xy: np.ndarray, day: np.ndarray, distances_m: tuple[float, ...], days: tuple[int, ...]
) -> list[dict[str, float | int | None]]:
    """Knox figures for each distance and delay: how far and how long repeats are near."""
    return [
        {"within_m": near_m, "within_days": soon, "pairs": k.pairs, "ratio": k.ratio, "p": k.p}
        for near_m in distances_m
        for soon in days
        for k in [knox(xy, day, near_m, soon)]
    ]
