"""Hot windows: squares placed where they hold most, not where a grid happens to lie.

Greedy cover of a surface (Nemhauser, Wolsey and Fisher 1978: at least 63 % of the best cover):
the window with most per new area is taken, each spot counts once, and windows may overlap by half.
They are half as wide as a cell, since much of what happens is at a crossing or a door (compared in
models/README.md). Under 150 m they would follow how addresses were written, not where it happens.
"""

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import csr_array

from models.risk.grid import Grid

STEPS = 12  # of a cell's side: 25 m for 300 m
LEAST_SIDE_M = 150
MIN_NEW = 0.5  # of a window's area that no window before it covers
MAX_SPOTS = 16_000_000  # of the fine raster; half the steps beyond
BLOCKS, SHORTLIST = 12, 300  # blocks of four cells, and windows, looked at per window placed
SAME = 1e-9  # of a window's worth: sums that differ by less are the same


@dataclass(frozen=True)
class Windows:
    """`corner_m`: south-west corners (n, 2) in the plane; `side_m`; `km2` covered; the raster."""

    corner_m: np.ndarray
    side_m: float
    km2: float
    covered: np.ndarray
    raster: Grid

    def holds(self, xy: np.ndarray) -> np.ndarray:
        """Say of each point (n, 2) in metres whether a window covers it."""
        spots = self.raster.cells(xy)
        return (spots >= 0) & self.covered[spots]


def fine_raster(grid: Grid) -> tuple[Grid, int]:
    """Return the raster of the windows' steps over the grid, and steps per side of a cell."""
    steps = STEPS if grid.size * STEPS**2 <= MAX_SPOTS else STEPS // 2
    size = (grid.columns * steps, grid.rows * steps)
    return Grid(grid.cell_m / steps, grid.west * steps, grid.south * steps, *size), steps


def place_windows(
    grid: Grid, xy: np.ndarray, mass: np.ndarray, spread: np.ndarray, cells: int
) -> Windows:
    """Place windows in all as large as `cells` cells, or a bit less.

    `xy` (n, 2) and `mass` (n,) are what lies at points, `spread` (grid cells,) what a prior spreads
    around each cell; the windows cover as much of their sum as greedy choice finds.
    """
    raster, steps = fine_raster(grid)
    spots = raster.cells(xy)
    inside = spots >= 0
    value = np.bincount(spots[inside], weights=mass[inside], minlength=raster.size)
    value = value.reshape(raster.shape) + _spread_out(spread.reshape(grid.shape), steps)
    side = min(steps, max(steps // 2, math.ceil(LEAST_SIDE_M / raster.cell_m)))
    corners, is_free, area = _greedy(value, side, cells * steps**2)
    south_west = [(column + raster.west, row + raster.south) for row, column in corners]
    corner_m = np.reshape(south_west, (-1, 2)) * raster.cell_m
    km2 = area * raster.cell_m**2 / 1e6
    return Windows(corner_m, side * raster.cell_m, km2, ~is_free.ravel(), raster)


def _spread_out(spread: np.ndarray, steps: int) -> np.ndarray:
    """Share of each spot of the raster, straight lines between the middles of the cells."""
    north, east = (_between(size, steps) for size in spread.shape)
    return (north @ (east @ spread.T).T) / steps**2


def _between(size: int, steps: int) -> csr_array:
    """Weights (size * steps, size) of the two cells whose middles enclose a spot."""
    place = ((np.arange(size * steps) + 0.5) / steps - 0.5).clip(0, size - 1)
    lower = np.minimum(place.astype(int), max(size - 2, 0))
    upper = np.minimum(lower + 1, size - 1)
    rows = np.tile(np.arange(len(place)), 2)
    weights = np.concatenate([1 - (place - lower), place - lower])
    return csr_array((weights, (rows, np.concatenate([lower, upper]))), (len(place), size))


def _greedy(value: np.ndarray, side: int, budget: int):
    """Lazy greedy: a window's worth only falls, so the top of the heap is checked, not all.

    Returns corners (row, column), what is still free (raster), and the area covered in spots.
    """
    heap, least = _shortlist(value, side, budget // side**2), MIN_NEW * side**2
    is_free, area, corners = np.ones(value.shape, bool), 0, []
    while heap and budget - area >= least:
        _, row, column = heapq.heappop(heap)
        free = is_free[row : row + side, column : column + side]
        new = int(np.count_nonzero(free))
        if new < least or new > budget - area:
            continue
        part = value[row : row + side, column : column + side][free].sum()
        now = -part * side**2 / new
        if heap and now > heap[0][0] + SAME * part:
            heapq.heappush(heap, (now, row, column))
            continue
        free[:] = False
        area += new
        corners.append((row, column))
    return corners, is_free, area


def _shortlist(value: np.ndarray, side: int, windows: int) -> list[tuple[float, int, int]]:
    """Best windows as (-worth, row, column), best first: a heap. Equal ones by position."""
    value = np.pad(value, [(0, -size % side) for size in value.shape])
    row, column = _fullest_blocks(value, side, windows)
    reach = 2 * side - 1  # a window that begins in a cell ends within this
    patches = sliding_window_view(value, (reach, reach))[::side, ::side][row, column]
    sums = _box_sums(patches, side)
    flat = sums.ravel()
    wanted = min(flat.size, windows * SHORTLIST)
    best = np.sort(np.argpartition(-flat, wanted - 1)[:wanted])
    best = best[np.argsort(-flat[best], kind="stable")]
    block, up, right = np.unravel_index(best, sums.shape)
    rows, columns = row[block] * side + up, column[block] * side + right
    return list(zip((-flat[best]).tolist(), rows.tolist(), columns.tolist(), strict=True))


def _fullest_blocks(value: np.ndarray, side: int, windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the south-west squares, `side` wide, of the 2 x 2 that hold most."""
    rows, columns = value.shape[0] // side, value.shape[1] // side
    cells = value.reshape(rows, side, columns, side).sum(axis=(1, 3))
    blocks = cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]
    wanted = min(blocks.size, windows * BLOCKS)
    best = np.sort(np.argpartition(-blocks.ravel(), wanted - 1)[:wanted])
    return np.divmod(best, columns - 1)


def _box_sums(patches: np.ndarray, side: int) -> np.ndarray:
    """Sum of each side x side square of each patch (n, size, size), by its south-west corner."""
    total = np.pad(patches.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    across = total[:, side:] - total[:, :-side]
    return across[:, :, side:] - across[:, :, :-side]
