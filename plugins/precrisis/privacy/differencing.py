"""Differencing: how far the totals that are published narrow down the cells that are hidden.

The bounds of each hidden cell follow by linear programming, as in the audit step of cell
suppression (M. Fischetti, J. J. Salazar, "Models and algorithms for the 2-dimensional cell
suppression problem", Mathematical Programming 84, 1999).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Hidden:
    """A hidden cell: all that its mark says is that it lies between `low` and `high`."""

    low: float
    high: float | None  # None: no upper bound is known


@dataclass(frozen=True)
class Total:
    """A published number over cells: their sum, or no more than it where cells may overlap."""

    cells: tuple[str, ...]
    value: float
    is_sum: bool = True


def intervals(
    shown: Mapping[str, float], hidden: Mapping[str, Hidden], totals: Sequence[Total]
) -> dict[str, tuple[float, float]]:
    """The narrowest interval that a reader can prove for each hidden cell.

    Raises:
        ValueError: no values of the hidden cells fit the totals, so one of the totals is not over
            these cells.
    """
    import numpy as np
    from scipy.optimize import linprog

    names = sorted(hidden)
    rows = np.array([[name in total.cells for name in names] for total in totals], dtype=float)
    rests = np.array([t.value - sum(shown.get(c, 0) for c in t.cells) for t in totals])
    sums = np.array([total.is_sum for total in totals], dtype=bool)
    equations = {
        "A_ub": -rows[~sums] if (~sums).any() else None,
        "b_ub": -rests[~sums] if (~sums).any() else None,
        "A_eq": rows[sums] if sums.any() else None,
        "b_eq": rests[sums] if sums.any() else None,
        "bounds": [(hidden[name].low, hidden[name].high) for name in names],
    }

    def extreme(position: int, sign: int) -> float:
        wanted = np.zeros(len(names))
        wanted[position] = sign
        found = linprog(wanted, **equations)
        if found.status == 3:  # unbounded
            return sign * float("-inf")
        if not found.success:
            raise ValueError(f"no values of {', '.join(names)} fit the totals")
        return sign * found.fun

    return {name: (extreme(i, 1), extreme(i, -1)) for i, name in enumerate(names)}


def narrowed(
    shown: Mapping[str, float], hidden: Mapping[str, Hidden], totals: Sequence[Total]
) -> list[str]:
    """The hidden cells of which the totals tell more than their mark does."""
    if not hidden or not totals:
        return []
    found = intervals(shown, hidden, totals)
    return [name for name, interval in found.items() if _tells_more(interval, hidden[name])]


def _tells_more(interval: tuple[float, float], mark: Hidden) -> bool:
    low, high = interval
    upper = float("inf") if mark.high is None else mark.high
    return low > mark.low + TOLERANCE or high < upper - TOLERANCE
