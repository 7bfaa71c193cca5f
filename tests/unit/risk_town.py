"""A made-up town of incidents: a few busy corners, a quiet rest, everything from one seed."""

import numpy as np

from models.risk.grid import Grid
from models.risk.history import History

WEEKS = 30
CENTRE = 11.12, 46.07


def town(
    incidents: int = 3_000, weeks: int = WEEKS, seed: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) in m and weeks (n,) -weeks ... -1: half at 12 corners, half anywhere."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-2_000, 2_000, (12, 2))
    share = np.arange(12, 0, -1) / 78
    at_corner = corners[rng.choice(12, incidents, p=share)] + rng.normal(0, 15, (incidents, 2))
    spread = rng.normal(0, 1_000, (incidents, 2)).clip(-2_400, 2_400)
    xy = np.where(rng.random((incidents, 1)) < 0.5, at_corner, spread)
    return xy, np.sort(rng.integers(-weeks, 0, incidents))


def history_of(xy: np.ndarray, period: np.ndarray, cell_m: float = 300) -> History:
    grid = Grid.covering(xy, cell_m)
    return History.of(grid, grid.cells(xy), period)
