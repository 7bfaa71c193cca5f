"""Judge place forecasts on later incidents, refitted before each later period.

Floor (the rolling count map), ceiling (whoever knew the true means) and hindsight (whoever knew
what was to come) stand beside every score, since without them no figure says much.
"""

import sys

import numpy as np

from models.evaluation.town import Town
from models.evaluation.walk import Walked, walk, walk_one_fit
from models.risk import scorecard
from models.risk.choice import paired_interval
from models.risk.history import History
from models.risk.level import interval, negative_binomial_log
from models.risk.methods import COUNT_MAP, with_unseen

MIN_OF_A_KIND = 30  # incidents before and later, below which a kind is not judged by itself
AREA_SHARES = {"1": 0.01, "5": 0.05, "10": 0.10}
POISSON = 0.0, 0.05  # dispersion and tail of the intervals of methods that learn neither


def evaluate_risk(town: Town) -> dict[str, object]:
    """Walk through the later periods; return the scorecard of what is published and of the rest."""
    walked = list(walk(town))
    cells = scorecard.cells_of(0.05, town.cells_total)
    methods = set.intersection(*(set(w.told.shares) for w in walked))
    cards = {m: _card(walked, town, m) for m in sorted(methods)}
    return {
        **_card(walked, town, None),
        "floor": cards[COUNT_MAP]["hit_rate_5pct"],
        "ceiling": _ceiling(walked, cells),
        "hindsight": _hindsight(walked, cells) / _incidents(walked),
        "hindsight_fixed_cells": scorecard.best_hits(sum(w.later for w in walked), cells)
        / _incidents(walked),
        "gain_over_floor_99": _gain(walked, cells),
        **_denominator(town, walked, cells),
        "published_counts": sorted({w.told.choice.expected for w in walked}),
        "published_ranking": sorted({w.told.choice.ranking for w in walked}),
        "reliability": scorecard.reliability(*_told_and_kept(walked)),
        "baselines": cards,
        **({} if town.category is None else {"by_category": _by_category(town)}),
    }


def _by_category(town: Town) -> dict[str, dict[str, object]]:
    """Each kind told by itself and with places borrowed from all kinds; one fit, no windows."""
    found, everything = {}, town.history()
    for kind in sorted(set(town.category.tolist()), key=str):
        own = town.of(kind)
        known, new = (int((own.is_kept & now).sum()) for now in (own.period < 0, own.period >= 0))
        if min(known, new) < MIN_OF_A_KIND or len(np.unique(own.period[own.period < 0])) < 2:
            continue
        print(f"category {kind}", file=sys.stderr, flush=True)
        found[kind] = {"learnt_from": known, "later": new, **_borrowing(own, everything)}
    return found


def _borrowing(own: Town, everything: History) -> dict[str, object]:
    cells, cards = scorecard.cells_of(0.05, own.cells_total), {}
    for name, lender in (("alone", None), ("borrowing", everything)):
        walked = list(walk_one_fit(own, own.history(lender)))
        cards[name] = {
            "hit_rate_5pct": scorecard.ratio(_hits(walked, cells, None).sum(), _incidents(walked)),
            "log_likelihood_per_event": _log_likelihood(walked, None),
        }
    floor = scorecard.ratio(_hits(walked, cells, COUNT_MAP).sum(), _incidents(walked))
    return {"cells_chosen": cells, "floor": floor, **cards}


def _card(walked: list[Walked], town: Town, method: str | None) -> dict[str, object]:
    """Scorecard of a method, or of what was published (None)."""
    incidents, rates, best = _incidents(walked), {}, {}
    for name, share in AREA_SHARES.items():
        cells = scorecard.cells_of(share, town.cells_total)
        rates[name] = _hits(walked, cells, method).sum() / incidents
        best[name] = _hindsight(walked, cells)
    cells = scorecard.cells_of(0.05, town.cells_total)
    free = sum(w.free_hits[method or w.told.choice.ranking] for w in walked)
    expected, inside = _top(walked, cells, method)
    seen = _hits(walked, cells, method).sum() * town.kept_share
    return {
        "hit_rate_5pct": float(rates["5"]),
        "hit_rate_5pct_free": free / incidents,
        **{f"pai_{n}": float(scorecard.pai(rates[n], s)) for n, s in AREA_SHARES.items()},
        "pei_5": scorecard.ratio(rates["5"] * incidents, best["5"]),
        "observed_over_expected_top5": scorecard.ratio(seen, expected),
        "coverage_90": float(inside.mean()),
        "log_likelihood_per_event": _log_likelihood(walked, method),
    }


def _incidents(walked: list[Walked]) -> int:
    return sum(w.incidents for w in walked)


def _hits(walked: list[Walked], cells: int, method: str | None) -> np.ndarray:
    return np.array([w.later[w.told.order(method)[:cells]].sum() for w in walked])


def _hindsight(walked: list[Walked], cells: int) -> float:
    return sum(scorecard.best_hits(w.later, cells) for w in walked)


def _top(walked: list[Walked], cells: int, method: str | None):
    """Expected sum of the named cells, and whether each one's later count is in its interval."""
    told, inside = 0.0, []
    for w in walked:
        top = w.told.order(method)[:cells]
        expected = w.told.expected(method)[top]
        scatter = (w.told.dispersion, w.told.tail) if method is None else POISSON
        low, high = interval(expected, *scatter)
        told += expected.sum()
        inside.append((low <= w.kept[top]) & (w.kept[top] <= high))
    return told, np.concatenate(inside)


def _log_likelihood(walked: list[Walked], method: str | None) -> float:
    """Poisson, per incident; methods of counts alone leave 5 % to cells without any."""
    logs = [
        negative_binomial_log(
            w.kept, w.told.total * with_unseen(w.told.expected(method) / w.told.total), 0
        )
        for w in walked
    ]
    return float(sum(log.sum() for log in logs) / max(sum(w.kept.sum() for w in walked), 1))


def _ceiling(walked: list[Walked], cells: int) -> float | None:
    """The true means of each later period lie around the last outlook; see scorecard."""
    last, later = walked[-1].told, sum(w.later for w in walked)
    expected = last.expected() * later.sum() / max(last.expected().sum(), 1e-12)
    return scorecard.ceiling(expected, later, cells)


def _gain(walked: list[Walked], cells: int) -> tuple[float, float]:
    gains = _hits(walked, cells, None) - _hits(walked, cells, COUNT_MAP)
    return paired_interval(gains, np.array([w.incidents for w in walked]))


def _told_and_kept(walked: list[Walked]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([w.told.expected() for w in walked]), np.array([w.kept for w in walked])


def _denominator(town: Town, walked: list[Walked], cells: int) -> dict[str, object]:
    return {
        "incidents": _incidents(walked),
        "learnt_from": int((town.is_kept & (town.period < 0)).sum()),
        "left_out": town.left_out,
        "periods": len(walked),
        "period": "month" if town.periods.is_monthly else "week",
        "cells_total": town.cells_total,
        "cells_chosen": cells,
        "km2": cells * town.grid.cell_m**2 / 1e6,
    }
