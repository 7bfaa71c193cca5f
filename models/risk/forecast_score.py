"""The score of a weekly forecast, once the week is over."""

import numpy as np
import pandas as pd

from models.risk import scorecard
from models.risk.forecast import BANDS, Surface
from models.risk.level import negative_binomial_log
from models.risk.methods import COUNT_MAP, with_unseen


def score(forecast: Surface, later: np.ndarray) -> pd.DataFrame:
    """Judge the week by its incidents, `later` (n, 2) in metres: one row per method and area share.

    Floor, ceiling and hindsight stand in every row; `is_published` marks what was published. Beside
    stands the evidence it was chosen by: 99 % intervals of the gain over the count map on weeks
    that were left out before, in hits and in log likelihood per incident; None where not known.
    """
    cells = forecast.grid.cells(later)
    counts = np.bincount(cells[cells >= 0], minlength=forecast.grid.size)
    methods = [None, *forecast.outlook.shares]
    found = [
        _score(forecast, counts, len(later), method, share)
        for method in methods
        for share in scorecard.AREA_SHARES
    ]
    table = pd.DataFrame(found)
    inside = forecast.windows.holds(later).mean() if len(later) else None
    is_main = table["is_published"] & (table["area_share"] == BANDS["high"])
    table["hit_rate_free"] = pd.Series(inside, table.index).where(is_main)
    return table


def _score(forecast, counts, incidents, method, area_share) -> dict[str, object]:
    told, cells = forecast.outlook, scorecard.cells_of(area_share, forecast.cells_ever_hit)
    named, expected = told.order(method)[:cells], told.expected(method)
    floor = counts[told.order(COUNT_MAP)[:cells]].sum()
    best = scorecard.best_hits(counts, cells)
    rate = scorecard.ratio(counts[named].sum(), incidents)
    share = with_unseen(told.shares[method or told.choice.expected])
    logs = negative_binomial_log(counts, told.total * share, 0).sum()
    low, high = told.interval(named)
    return {
        "method": method or told.choice.ranking,
        "is_published": method is None,
        "area_share": area_share,
        "cells": cells,
        "km2": cells * forecast.grid.cell_m**2 / 1e6,
        "incident_count": incidents,
        "hit_rate": rate,
        "pai": scorecard.pai(rate, area_share),
        "pei": scorecard.ratio(counts[named].sum(), best),
        "floor": scorecard.ratio(floor, incidents),
        "ceiling": scorecard.ceiling(told.expected(), counts, cells),
        "hindsight": scorecard.ratio(best, incidents),
        "observed_over_expected": scorecard.ratio(counts[named].sum(), expected[named].sum()),
        "coverage_90": scorecard.coverage(low, high, counts[named]) if method is None else None,
        "log_likelihood_per_incident": scorecard.ratio(logs, incidents),
        **_gain("hit", told.choice.hit_rate_gain, method or told.choice.ranking),
        **_gain("likelihood", told.choice.log_likelihood_gain, method or told.choice.expected),
    }


def _gain(name: str, gains: dict[str, tuple[float, float]], method: str) -> dict[str, float | None]:
    low, high = (v if np.isfinite(v) else None for v in gains.get(method, (np.nan, np.nan)))
    return {f"{name}_gain_low": low, f"{name}_gain_high": high}
