"""Each category of incidents judged by itself, and with places borrowed from all categories."""

import sys

import numpy as np

from models.evaluation import risk_figures as figures
from models.evaluation.town import Town
from models.evaluation.walk import walk_one_fit
from models.risk import scorecard
from models.risk.history import History
from models.risk.methods import COUNT_MAP

MIN_INCIDENTS = 30  # before and later; a kind with fewer is not judged by itself


def by_category(town: Town) -> dict[str, dict[str, object]]:
    """Return figures by category: floor, alone, borrowing. One fit each, no windows."""
    found, everything = {}, town.history()
    for kind in sorted(set(town.category.tolist())):
        own = town.of(kind)
        known, new = (int((own.is_kept & now).sum()) for now in (own.period < 0, own.period >= 0))
        has_past = len(np.unique(own.period[own.is_kept & (own.period < 0)])) > 1
        if min(known, new) >= MIN_INCIDENTS and has_past:
            print(f"category {kind}", file=sys.stderr, flush=True)
            found[kind] = {"learnt_from": known, "later": new, **_figures(own, everything)}
    return found


def _figures(own: Town, everything: History) -> dict[str, object]:
    cells, cards = scorecard.cells_of(0.05, own.cells_total), {}
    for name, lender in (("alone", None), ("borrowing", everything)):
        walked = list(walk_one_fit(own, own.history(lender)))
        cards[name] = {
            "hit_rate_5pct": figures.hit_rate(walked, cells, None),
            "log_likelihood_per_event": figures.log_likelihood(walked, None),
        }
    floor = figures.hit_rate(walked, cells, COUNT_MAP)
    return {"cells_chosen": cells, "floor": floor, **cards}
