"""Judge place forecasts on later incidents, refitted before each later period.

Floor (the rolling count map), ceiling (whoever knew the true means) and hindsight (whoever knew
what was to come) stand beside every score, since without them no figure says much.
"""

from collections.abc import Sequence

from models.evaluation import risk_figures as figures
from models.evaluation.kinds import by_category
from models.evaluation.town import Town
from models.evaluation.walk import Walked, walk
from models.risk import scorecard
from models.risk.methods import COUNT_MAP

AREA_SHARES = {"1": 0.01, "5": 0.05, "10": 0.10}


def evaluate_risk(town: Town) -> dict[str, object]:
    """Walk through the later periods; return the scorecard of what is published and of the rest.

    A method that cannot tell every period (last year's, when it is not known) is left out.
    """
    walked = list(walk(town))
    cells = scorecard.cells_of(0.05, town.cells_total)
    methods = sorted(set.intersection(*(set(w.told.shares) for w in walked)))
    cards = {method: _card(walked, town, method) for method in methods}
    return {
        **_card(walked, town, None),
        "floor": cards[COUNT_MAP]["hit_rate_5pct"],
        "ceiling": figures.ceiling(walked, cells),
        "hindsight": figures.hindsight(walked, cells),
        "hindsight_fixed_cells": figures.hindsight_fixed(walked, cells),
        "gain_over_floor_99": figures.gain_over_floor(walked, cells),
        **_denominator(town, walked, cells),
        "published_counts": sorted({w.told.choice.expected for w in walked}),
        "published_ranking": sorted({w.told.choice.ranking for w in walked}),
        "reliability": figures.reliability(walked),
        "baselines": cards,
        **({} if town.category is None else {"by_category": by_category(town)}),
    }


def _card(walked: Sequence[Walked], town: Town, method: str | None) -> dict[str, object]:
    """Scorecard of a method, or of what was published (None)."""
    cells = scorecard.cells_of(0.05, town.cells_total)
    rate = figures.hit_rate(walked, cells, method)
    came = rate * figures.incidents(walked) * town.kept_share
    return {
        "hit_rate_5pct": rate,
        "hit_rate_5pct_free": figures.free_hit_rate(walked, method),
        **{f"pai_{name}": _pai(walked, town, s, method) for name, s in AREA_SHARES.items()},
        "pei_5": scorecard.ratio(rate, figures.hindsight(walked, cells)),
        "observed_over_expected_top5": scorecard.ratio(
            came, figures.expected_hits(walked, cells, method)
        ),
        "coverage_90": figures.coverage(walked, cells, method),
        "log_likelihood_per_event": figures.log_likelihood(walked, method),
    }


def _pai(walked: Sequence[Walked], town: Town, area_share: float, method: str | None) -> float:
    cells = scorecard.cells_of(area_share, town.cells_total)
    rate = figures.hit_rate(walked, cells, method)
    return scorecard.pai(rate, cells / town.cells_total)


def _denominator(town: Town, walked: Sequence[Walked], cells: int) -> dict[str, object]:
    return {
        "incidents": figures.incidents(walked),
        "learnt_from": int((town.is_kept & (town.period < 0)).sum()),
        "left_out": town.left_out,
        "periods": len(walked),
        "period": "month" if town.periods.is_monthly else "week",
        "cells_total": town.cells_total,
        "cells_chosen": cells,
        "km2": cells * town.grid.cell_m**2 / 1e6,
    }
