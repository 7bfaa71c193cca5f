"""Walk through later periods: tell each from all before it, then look at what came."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.evaluation.town import Town
from models.risk import scorecard
from models.risk.history import History
from models.risk.near_repeat import shows_near_repeat
from models.risk.outlook import Outlook, free_windows, next_outlook, outlook


@dataclass(frozen=True)
class Walked:
    """One later period: what was told, and what came by cell.

    `later` is everything that came, `kept` the part that is learnt from (less, when thinned).
    """

    told: Outlook
    later: np.ndarray
    kept: np.ndarray
    incidents: int
    free_hits: dict[str, int]


def walk(town: Town) -> Iterator[Walked]:
    """Tell each later period, refitted on all before it, with windows placed for every method."""
    history, cells = town.history(), scorecard.cells_of(0.05, town.cells_total)
    repeats = repeats_nearby(town)
    for period in _with_incidents(town):
        told = outlook(history, period, town.days, cells, repeats)
        print(f"period {period}: {told.choice.ranking}", file=sys.stderr, flush=True)
        yield _look(town, told, _free_hits(town, told, history, cells))


def walk_one_fit(town: Town, history: History) -> Iterator[Walked]:
    """Tell each later period with one fit on what is before all of them; no windows."""
    told, cells = None, scorecard.cells_of(0.05, town.cells_total)
    for period in _with_incidents(town):
        told = told or outlook(history, 0, town.days, cells)
        told = next_outlook(told, history, period, town.days)
        yield _look(town, told, {})


def repeats_nearby(town: Town) -> bool:
    """Say whether pair counts of the training file ask for a self-exciting term."""
    trained = town.is_kept & (town.period < 0)
    return shows_near_repeat(town.xy[trained], town.at[trained])


def _with_incidents(town: Town) -> list[int]:
    return np.unique(town.period[town.period >= 0]).tolist()


def _look(town: Town, told: Outlook, free_hits: dict[str, int]) -> Walked:
    is_now = town.period == told.target
    counts = town.later_counts(told.target, is_now), town.later_counts(told.target, town.is_kept)
    return Walked(told, *counts, int(is_now.sum()), free_hits)


def _free_hits(town: Town, told: Outlook, history: History, cells: int) -> dict[str, int]:
    now, known = town.xy[town.period == told.target], (town.xy, town.period)
    kept = [part[town.is_kept] for part in known]
    return {
        method: int(free_windows(told, history, *kept, cells, method).holds(now).sum())
        for method in told.shares
    }
