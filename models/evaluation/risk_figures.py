"""Figures over the walked periods: of a method, or of what was published (method None)."""

from collections.abc import Sequence

import numpy as np

from models.evaluation.walk import Walked
from models.risk import scorecard
from models.risk.choice import paired_interval
from models.risk.level import interval, negative_binomial_log
from models.risk.methods import COUNT_MAP, with_unseen

POISSON = 0.0, 0.05  # dispersion and tail of the intervals of methods that learn neither


def incidents(walked: Sequence[Walked]) -> int:
    """Later incidents, also those outside the grid."""
    return sum(w.incidents for w in walked)


def hits(walked: Sequence[Walked], cells: int, method: str | None) -> np.ndarray:
    """Later incidents in the named cells, by period."""
    return np.array([w.later[w.told.order(method)[:cells]].sum() for w in walked])


def hit_rate(walked: Sequence[Walked], cells: int, method: str | None) -> float:
    """Share of later incidents in the cells named before each period."""
    return float(hits(walked, cells, method).sum() / incidents(walked))


def hindsight(walked: Sequence[Walked], cells: int) -> float:
    """Hit rate of whoever knew what came in each period."""
    return sum(scorecard.best_hits(w.later, cells) for w in walked) / incidents(walked)


def hindsight_fixed(walked: Sequence[Walked], cells: int) -> float:
    """Hit rate of the best cells of the whole time, the same in each period."""
    return scorecard.best_hits(sum(w.later for w in walked), cells) / incidents(walked)


def free_hit_rate(walked: Sequence[Walked], method: str | None) -> float:
    """Share of later incidents in the windows placed before each period."""
    found = sum(w.free_hits[method or w.told.choice.ranking] for w in walked)
    return found / incidents(walked)


def expected_hits(walked: Sequence[Walked], cells: int, method: str | None) -> float:
    """Incidents that were expected in the named cells, of what may be learnt from."""
    return float(sum(w.told.expected(method)[w.told.order(method)[:cells]].sum() for w in walked))


def coverage(walked: Sequence[Walked], cells: int, method: str | None) -> float:
    """Share of the counts of named cells that lie in their 90 % interval."""
    inside = []
    for w in walked:
        top = w.told.order(method)[:cells]
        scatter = (w.told.dispersion, w.told.tail) if method is None else POISSON
        low, high = interval(w.told.expected(method)[top], *scatter)
        inside.append((low <= w.kept[top]) & (w.kept[top] <= high))
    return float(np.mean(inside))


def log_likelihood(walked: Sequence[Walked], method: str | None) -> float:
    """Poisson, per incident; all methods leave 5 % to an even spread over the cells."""
    logs = 0.0
    for w in walked:
        share = with_unseen(w.told.shares[method or w.told.choice.expected])
        logs += negative_binomial_log(w.kept, w.told.total * share, 0).sum()
    return float(logs / max(sum(w.kept.sum() for w in walked), 1))


def ceiling(walked: Sequence[Walked], cells: int) -> float | None:
    """Hit rate of whoever knew the true means, drawn around the last outlook; see scorecard."""
    last, later = walked[-1].told.expected(), sum(w.later for w in walked)
    return scorecard.ceiling(last * later.sum() / max(last.sum(), 1e-12), later, cells)


def gain_over_floor(walked: Sequence[Walked], cells: int) -> tuple[float, float]:
    """99 % interval of the published hit rate less the rolling count map's, over periods."""
    gains = hits(walked, cells, None) - hits(walked, cells, COUNT_MAP)
    return paired_interval(gains, np.array([w.incidents for w in walked]))


def reliability(walked: Sequence[Walked]) -> list[dict[str, float]]:
    """Published counts against what came, in bins of equal expected sums."""
    told = np.array([w.told.expected() for w in walked])
    return scorecard.reliability(told, np.array([w.kept for w in walked]))
