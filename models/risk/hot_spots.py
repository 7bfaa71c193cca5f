"""Hot spots with their test: Getis-Ord Gi* by cell, false discoveries held at 5 %.

Gi* (Ord and Getis 1995) compares the mean around a cell, itself included, with that of the study
area. Thousands of cells are tested at once, so significance is by Benjamini and Hochberg (1995).
"""

import numpy as np
from scipy.ndimage import convolve
from scipy.stats import norm

RADIUS_CELLS = 1.5  # the eight neighbours
FALSE_DISCOVERIES = 0.05


def getis_ord(
    counts: np.ndarray, is_studied: np.ndarray, radius_cells: float = RADIUS_CELLS
) -> np.ndarray:
    """z of Gi* by cell, shape of `counts` (rows, columns); NaN outside the study area.

    `is_studied` marks where an incident could be recorded: without it, lakes and fields make every
    street a hot spot. Neighbours within `radius_cells` weigh alike.

    Raises:
        ValueError: fewer than two studied cells.
    """
    count = int(is_studied.sum())
    if count < 2:
        raise ValueError("Gi* needs a study area of at least two cells")
    values = np.where(is_studied, counts, 0).astype(float)
    mean = values.sum() / count
    spread = np.sqrt(max((values**2).sum() / count - mean**2, 1e-12))
    kernel = _disc(radius_cells)
    around = convolve(values, kernel, mode="constant")
    neighbours = convolve(is_studied.astype(float), kernel, mode="constant")
    scale = spread * np.sqrt((count * neighbours - neighbours**2).clip(1e-12) / (count - 1))
    return np.where(is_studied, (around - mean * neighbours) / scale, np.nan)


def _disc(radius_cells: float) -> np.ndarray:
    reach = int(radius_cells)
    up, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (np.hypot(up, right) <= radius_cells).astype(float)


def hot(z: np.ndarray, false_discoveries: float = FALSE_DISCOVERIES) -> np.ndarray:
    """Which cells are hot: one-sided p within Benjamini and Hochberg's limit; NaN is not hot."""
    known = np.isfinite(z)
    p = norm.sf(z[known])
    ordered = np.sort(p)
    within = ordered <= false_discoveries * np.arange(1, p.size + 1) / p.size
    limit = ordered[within].max(initial=-1.0)
    is_hot = np.zeros(z.shape, bool)
    is_hot[known] = p <= limit
    return is_hot


def study_area(counts: np.ndarray) -> np.ndarray:
    """Cells where something was ever recorded, and those around them (rows, columns).

    Where streets end is not known here; a place next to a recorded one is taken to be one.
    """
    return convolve((counts > 0).astype(int), _disc(RADIUS_CELLS).astype(int), mode="constant") > 0


def mean_around(counts: np.ndarray, is_studied: np.ndarray) -> np.ndarray:
    """Mean of the studied cells around each, itself included (rows, columns)."""
    kernel = _disc(RADIUS_CELLS)
    sums = convolve(np.where(is_studied, counts, 0).astype(float), kernel, mode="constant")
    return sums / convolve(is_studied.astype(float), kernel, mode="constant").clip(1)
