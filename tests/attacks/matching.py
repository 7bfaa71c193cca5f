"""How often an attacker finds somebody again in another stretch of time, and whether by chance.

Rank-1 and mean average precision (one true match a query, so the mean of 1/rank). Chance comes from
permutations of who is who within each stretch: they keep the features, who is seen when, and the
likeness of pictures that lie close in time.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

PERMUTATIONS = 1000
# One set of pictures: {stretch: {person: features}}. Several sets are phases of the same stretches.
Pictures = dict[int, dict[int, np.ndarray]]


@dataclass(frozen=True)
class Result:
    """`p_value`: share of the permutations that do at least as well in rank-1 as the attacker."""

    rank1: float
    rank1_by_chance: float
    mean_ap: float
    mean_ap_by_chance: float
    p_value: float
    queries: int

    @property
    def excess(self) -> float:
        """Rank-1 above chance."""
        return self.rank1 - self.rank1_by_chance


def attack(phases: list[Pictures], min_apart: int = 1, seed: int = 1) -> Result:
    """Match everybody in each stretch with those in the stretches at least so many further on.

    Raises:
        ValueError: nobody is seen in two of them.
    """
    merits = [_merits(pictures, min_apart) for pictures in phases]
    everybody = _everybody(phases)
    (rank1, mean_ap), queries = _scores(merits, phases, {s: {} for s in everybody})
    random = np.random.default_rng(seed)
    by_chance = np.array([
        _scores(merits, phases, {
            s: dict(zip(people, random.permutation(people).tolist(), strict=True))
            for s, people in everybody.items()
        })[0]
        for _ in range(PERMUTATIONS)
    ])  # fmt: skip
    as_good = (np.sum(by_chance[:, 0] >= rank1 - 1e-9) + 1) / (PERMUTATIONS + 1)
    chance = by_chance.mean(axis=0)
    figures = map(float, (rank1, chance[0], mean_ap, chance[1], as_good))
    return Result(*figures, queries)


def scaled(phases: list[Pictures], metric: str) -> list[Pictures]:
    """Features made comparable: "z" divides by deviations, "cosine" each vector by its length.

    What all have in common is taken away first: it tells nobody apart.
    """
    everyone = np.stack(
        [f for pictures in phases for seen in pictures.values() for f in seen.values()]
    )
    centre, deviation = everyone.mean(axis=0), everyone.std(axis=0)
    weight = np.where(deviation < 1e-6, 0, 1 / np.maximum(deviation, 1e-6)) / np.sqrt(len(centre))

    def scale(features: np.ndarray) -> np.ndarray:
        away = features - centre
        return away * weight if metric == "z" else away / (np.linalg.norm(away) + 1e-9)

    return [{s: {p: scale(f) for p, f in seen.items()} for s, seen in ps.items()} for ps in phases]


def together(first: list[Pictures], second: list[Pictures]) -> list[Pictures]:
    """Two attackers who put what they know together."""
    return [
        {s: {p: np.concatenate([f, b[s][p]]) for p, f in seen.items()} for s, seen in a.items()}
        for a, b in zip(first, second, strict=True)
    ]


def holm(p_values: list[float]) -> list[float]:
    """p values corrected for the number of attacks (Holm 1979)."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected


def _everybody(phases: list[Pictures]) -> dict[int, list[int]]:
    people: dict[int, set[int]] = {}
    for pictures in phases:
        for stretch, seen in pictures.items():
            people.setdefault(stretch, set()).update(seen)
    return {stretch: sorted(seen) for stretch, seen in sorted(people.items())}


def _merits(pictures: Pictures, min_apart: int) -> dict[tuple[int, int], np.ndarray]:
    """By pair of stretches: what query n earns [2, n, m] if m of the other one is its person."""
    stacked = {s: np.stack(list(seen.values())) for s, seen in pictures.items() if seen}
    return {
        (a, b): _earned(np.linalg.norm(stacked[a][:, None] - stacked[b][None], axis=2))
        for a, b in permutations(stacked, 2)
        if abs(a - b) >= min_apart
    }


def _earned(distances: np.ndarray) -> np.ndarray:
    """Rank-1 and average precision for each possible true match; those who tie share."""
    nearer = (distances[:, None, :] < distances[:, :, None] - 1e-9).sum(axis=2)
    tied = (np.abs(distances[:, None, :] - distances[:, :, None]) <= 1e-9).sum(axis=2)
    harmonic = np.concatenate([[0], np.cumsum(1 / np.arange(1, distances.shape[1] + 1))])
    precision = (harmonic[nearer + tied] - harmonic[nearer]) / tied
    return np.stack([(nearer == 0) / tied, precision])


def _scores(
    merits: list[dict], phases: list[Pictures], names: dict[int, dict[int, int]]
) -> tuple[np.ndarray, int]:
    """Mean merits over all queries whose person is there, when people go by these names."""
    total, count = np.zeros(2), 0
    for merit_of, pictures in zip(merits, phases, strict=True):
        column = {
            s: {names[s].get(p, p): j for j, p in enumerate(seen)} for s, seen in pictures.items()
        }
        for (a, b), merit in merit_of.items():
            there = [(i, column[b][name]) for name, i in column[a].items() if name in column[b]]
            if there:
                rows, columns = zip(*there, strict=True)
                total += merit[:, rows, columns].sum(axis=1)
                count += len(there)
    if not count:
        raise ValueError("nobody is seen in two stretches")
    return total / count, count
