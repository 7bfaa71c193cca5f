"""Past incidents as maps by period, seen through kernels of several widths and memories.

Every surface that a method uses is a weighted sum of these maps, so each is smoothed once only, and
what a forecast may know is a matter of weights: a period at or after `known_until` weighs nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from models.risk.grid import BadGrid, Grid

BANDWIDTHS_M = (0, 150, 300, 600, 1_200, 2_400)
MAX_COUNTS = 40_000_000  # cells x periods: about a gigabyte in all bandwidths


@dataclass(frozen=True)
class Component:
    """One surface: a Gaussian kernel of `bandwidth_m` (0 = the cell alone), and a memory.

    `half_life` in periods; None remembers everything alike. With `looks_both_ways` a period that is
    left out is told from those after it too, as if it were exchangeable with them. A component
    without bandwidth is the even spread over all cells; one that `is_lent` is of all kinds of
    incidents, for a rare kind that borrows their places.
    """

    bandwidth_m: float | None
    half_life: float | None = None
    looks_both_ways: bool = True
    is_lent: bool = False

    def period_weights(self, periods: np.ndarray, target: int, known_until: int) -> np.ndarray:
        """Weight of each period when `target` is told from what is known."""
        distance = np.abs(target - periods)
        is_known = (periods < known_until) & (periods != target)
        if not self.looks_both_ways:
            is_known &= periods < target
        fading = 1.0 if self.half_life is None else 0.5 ** ((distance - 1) / self.half_life)
        return np.where(is_known, fading, 0.0)


@dataclass(frozen=True)
class History:
    """`counts` (periods, cells), row 0 is period `first`; the same smoothed, by bandwidth."""

    grid: Grid
    first: int
    counts: np.ndarray
    maps: dict[float, np.ndarray]
    periods_a_year: int = 52
    lender: "History | None" = None

    @classmethod
    def of(
        cls,
        grid: Grid,
        cells: np.ndarray,
        periods: np.ndarray,
        periods_a_year: int = 52,
        lender: "History | None" = None,
    ) -> "History":
        """Count incidents by cell and period; those outside the grid (cell -1) are left out.

        Raises:
            BadGrid: more cells over more periods than fit into memory.
        """
        first, last = int(periods.min()), int(periods.max())
        inside = cells >= 0
        place = (periods[inside] - first) * grid.size + cells[inside]
        size = (last - first + 1) * grid.size
        if size > MAX_COUNTS:
            remedy = "take larger cells, a smaller area or fewer periods"
            raise BadGrid(f"{grid.size} cells over {last - first + 1} periods: {remedy}")
        counts = np.bincount(place, minlength=size).reshape(-1, grid.size).astype(np.float32)
        maps = {b: smoothed(counts, grid, b) for b in BANDWIDTHS_M}
        return cls(grid, first, counts, maps, periods_a_year, lender)

    @property
    def periods(self) -> np.ndarray:
        return self.first + np.arange(len(self.counts))

    def count(self, period: int) -> np.ndarray:
        """Counts by cell of one period, zeros where nothing was recorded."""
        row = period - self.first
        return self.counts[row] if 0 <= row < len(self.counts) else np.zeros(self.grid.size)

    def share(self, component: Component, target: int, known_until: int) -> np.ndarray:
        """Return how the component spreads one incident of `target` over the cells; sums to 1."""
        if component.is_lent and self.lender is not None:
            return self.lender.share(replace(component, is_lent=False), target, known_until)
        even = np.full(self.grid.size, 1 / self.grid.size)
        if component.bandwidth_m is None:
            return even
        weights = component.period_weights(self.periods, target, known_until)
        surface = weights.astype(np.float32) @ self.maps[component.bandwidth_m]
        total = surface.sum()
        return surface / total if total > 0 else even


def smoothed(maps: np.ndarray, grid: Grid, bandwidth_m: float) -> np.ndarray:
    """Each map (periods, cells) under a Gaussian kernel; 0 m gives it back."""
    if bandwidth_m == 0:
        return maps
    planes = maps.reshape(-1, *grid.shape)
    sigma = (0, *(2 * (bandwidth_m / grid.cell_m,)))
    return gaussian_filter(planes, sigma, mode="constant", truncate=3).reshape(maps.shape)
