"""Which method is published: a model replaces the count map only on evidence from left-out periods.

Two things are chosen apart, since data answer them apart: how many incidents to expect (judged by
log likelihood) and in which order to name cells (judged by hit rate).
"""

from dataclasses import dataclass

import numpy as np

from models.risk.gamma_poisson import targets
from models.risk.history import Component, History
from models.risk.methods import (
    COUNT_MAP,
    GAMMA_POISSON,
    MODELS,
    REGRESSION,
    Fitted,
    ranked,
    with_unseen,
)

SEED = 7
RESAMPLES = 2_000
AREA_SHARE = 0.05
CONFIDENCE = 0.99  # not 0.95: two models are tried, anew after each period
THIN = 3.0  # incidents per cell ever hit, below which hits of left-out periods tell nothing apart


@dataclass(frozen=True)
class Choice:
    """Published methods, and the evidence: interval of the gain over the count map by method."""

    expected: str
    ranking: str
    log_likelihood_gain: dict[str, tuple[float, float]]
    hit_rate_gain: dict[str, tuple[float, float]]


def choose(history: History, fitted: Fitted, cells: int) -> Choice:
    """Compare the methods on left-out periods, `cells` of them named in each.

    A method replaces a plainer one when the interval of its gain over that one lies above zero: in
    log likelihood to tell the numbers, in hits to name the cells. Where data are thin, hits are too
    few for that, and who tells the numbers names the cells too unless its hits are surely fewer.
    """
    told, seen = _left_out_shares(history, fitted), fitted.left_out.counts
    incidents = seen.sum(axis=1)
    likely = {m: _log_likelihoods(told[m], seen) for m in told}
    hits = {m: _hits(told, m, seen, cells) for m in told}
    expected, ranking = champion(likely, incidents), champion(hits, incidents)
    if ranking == COUNT_MAP and is_thin(history, fitted.known_until):
        is_worse = paired_interval(hits[expected] - hits[ranking], incidents)[1] < 0
        ranking = ranking if is_worse else expected
    gains = [
        {m: paired_interval(score[m] - score[COUNT_MAP], incidents) for m in MODELS}
        for score in (likely, hits)
    ]
    return Choice(expected, ranking, *gains)


def champion(scores: dict[str, np.ndarray], incidents: np.ndarray) -> str:
    """Return the method that stands, from the plainest on; scores and incidents by period."""
    standing = COUNT_MAP
    for model in MODELS:
        if paired_interval(scores[model] - scores[standing], incidents)[0] > 0:
            standing = model
    return standing


def is_thin(history: History, known_until: int) -> bool:
    """Say whether there are fewer than three incidents per cell ever hit."""
    known = history.counts[history.periods < known_until].sum(axis=0)
    return bool(known.sum() < THIN * max(np.count_nonzero(known), 1))


def paired_interval(gains: np.ndarray, incidents: np.ndarray) -> tuple[float, float]:
    """99 % interval of the gain per incident, periods drawn with replacement (seed 7).

    `gains` and `incidents` (periods,): what one method has over the other, and what happened.
    """
    if len(gains) < 2 or incidents.sum() == 0:
        return -np.inf, np.inf
    drawn = np.random.default_rng(SEED).integers(len(gains), size=(RESAMPLES, len(gains)))
    means = gains[drawn].sum(axis=1) / np.maximum(incidents[drawn].sum(axis=1), 1)
    low, high = np.quantile(means, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return float(low), float(high)


def _left_out_shares(history: History, fitted: Fitted) -> dict[str, list[np.ndarray]]:
    until, out = fitted.known_until, targets(history, fitted.known_until)
    calibrated = [fitted.calibration.apply(share) for share in fitted.left_out.shares]
    return {
        COUNT_MAP: [history.share(Component(0), target, until) for target in out],
        GAMMA_POISSON: calibrated,
        REGRESSION: [fitted.regression.share(history, target, until) for target in out],
    }


def _log_likelihoods(shares: list[np.ndarray], seen: np.ndarray) -> np.ndarray:
    return np.array(
        [counts @ np.log(with_unseen(share)) for share, counts in zip(shares, seen, strict=True)]
    )


def _hits(
    told: dict[str, list[np.ndarray]], method: str, seen: np.ndarray, cells: int
) -> np.ndarray:
    """Hits in each left-out period; the count map's ties are broken as when it is published."""
    hits = []
    for period, counts in enumerate(seen):
        shares = {name: by_period[period] for name, by_period in told.items()}
        hits.append(counts[ranked(shares, method, tie_break=method == COUNT_MAP)[:cells]].sum())
    return np.array(hits)
