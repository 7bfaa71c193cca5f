"""What each place of the picture looks like when all is normal: one Gaussian per patch.

Sees what motion cannot: lights off, somebody lying where nobody lies, a thing left behind. Method:
patch distribution modelling after Defard et al. (PaDiM, 2021), with variances only, and sums kept
per group so that leaving a group out is a subtraction.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.video.anomaly.patches import GRID

FLOOR = 0.25  # of the median variance: no place is ever quite still
WINDOW = 5  # patches a side that have to agree


@dataclass(frozen=True)
class Scene:
    """Mean and inverse deviation of the features at each place."""

    basis: np.ndarray  # [CHANNELS, dims]
    mean: np.ndarray  # [GRID, GRID, dims]
    precision: np.ndarray  # [GRID, GRID, dims], 1 / variance

    def strangeness(self, projected: np.ndarray) -> tuple[float, float]:
        """Return how unlike itself the strangest window looks, and the picture as a whole."""
        off = ((projected.astype(np.float32) - self.mean) ** 2 * self.precision).mean(axis=2)
        window = np.sqrt(cv2.blur(off, (WINDOW, WINDOW)).max())
        return float(window), float(np.sqrt(off).mean())


@dataclass
class SceneSums:
    """Running sums over one group of normal footage."""

    count: float
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def empty(cls, dims: int) -> "SceneSums":
        """Sums of nothing."""
        shape = (GRID, GRID, dims)
        return cls(0.0, np.zeros(shape), np.zeros(shape))

    def add(self, projected: np.ndarray) -> None:
        """Add the features of one frame, already in the scene's basis."""
        self.count += 1
        self.total += projected
        self.squares += projected.astype(np.float64) ** 2


def fit(groups: list[SceneSums], basis: np.ndarray) -> Scene:
    """Fit on the sums of some groups; each place borrows from its eight neighbours."""
    count = max(1.0, sum(group.count for group in groups))
    mean = sum(group.total for group in groups) / count
    variance = np.maximum(sum(group.squares for group in groups) / count - mean**2, 0)
    variance = np.stack([cv2.blur(layer, (3, 3)) for layer in np.moveaxis(variance, 2, 0)], axis=2)
    floor = np.maximum(FLOOR * np.median(variance, axis=(0, 1)), 1e-9)
    precision = 1 / (variance + floor)
    return Scene(basis, mean.astype(np.float32), precision.astype(np.float32))


def principal_axes(features: np.ndarray, dims: int) -> np.ndarray:
    """Return the `dims` strongest directions [CHANNELS, dims] of features [..., CHANNELS]."""
    flat = features.reshape(-1, features.shape[-1]).astype(np.float32)
    vectors = np.linalg.eigh(np.cov(flat.T))[1]
    return vectors[:, ::-1][:, :dims].astype(np.float32)
