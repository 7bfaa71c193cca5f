"""What moving things look like: distance to the mean patches of what moved while all was normal.

Memory: each group of normal footage keeps its own k-means centres, so that scoring a group without
itself is leaving its centres out. A centre is a mean of patches (a rare one of a single patch).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.video.anomaly.patches import CHANNELS

ROUNDS = 8  # of k-means
NEIGHBOURS = 3
SAMPLE = 3000  # patches of a group


@dataclass(frozen=True)
class Memory:
    """Normal patches of one camera."""

    mean: np.ndarray  # [CHANNELS]
    basis: np.ndarray  # [CHANNELS, dims], scaled
    centres: np.ndarray  # [n, dims]
    group: np.ndarray  # [n], which group a centre comes from

    def without(self, group: int) -> "Memory":
        """The memory as if this group had not been seen."""
        is_kept = self.group != group
        return Memory(self.mean, self.basis, self.centres[is_kept], self.group[is_kept])

    def strangeness(self, patches: np.ndarray, is_moving: np.ndarray) -> float:
        """Return how far the strangest of a frame's moving patches is from all normal ones.

        `patches` [n, CHANNELS] are those of the n places where `is_moving` [GRID, GRID] is set.
        """
        if not len(patches) or not len(self.centres):
            return 0.0
        far = np.zeros(is_moving.shape, np.float32)
        far[is_moving] = self._distances(patches.astype(np.float32))
        return float(cv2.blur(far, (3, 3)).max())

    def _distances(self, patches: np.ndarray) -> np.ndarray:
        points = (patches - self.mean) @ self.basis
        squares = _squared_distances(points, self.centres)
        count = min(NEIGHBOURS, squares.shape[1])
        nearest = np.partition(squares, count - 1, axis=1)[:, :count]
        return np.sqrt(np.maximum(nearest, 0)).mean(axis=1)


def learn(patches: Sequence[np.ndarray], dims: int, size: int, seed: int) -> Memory:
    """Learn from each group's moving patches [n, CHANNELS]; an empty group adds nothing."""
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(group)[:SAMPLE].astype(np.float32) for group in patches]
    mean, basis = _whitened_basis(np.concatenate([np.zeros((0, CHANNELS)), *chosen]), dims)
    share = max(1, size // max(1, len(chosen)))
    centres = [_centres((group - mean) @ basis, share, rng) for group in chosen]
    owner = np.repeat(np.arange(len(centres)), [len(group) for group in centres])
    return Memory(mean, basis, np.concatenate(centres).astype(np.float32), owner)


def _whitened_basis(patches: np.ndarray, dims: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes, half whitened: strong directions count more, not by all their strength."""
    if len(patches) < 2:
        return np.zeros(CHANNELS, np.float32), np.zeros((CHANNELS, dims), np.float32)
    mean = patches.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((patches - mean).T))
    strength = np.sqrt(np.maximum(values[::-1][:dims], 1e-9))
    scale = 1 / np.sqrt(strength) / np.sqrt(strength.sum())
    return mean.astype(np.float32), (vectors[:, ::-1][:, :dims] * scale).astype(np.float32)


def _centres(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """K-means after Lloyd, from random points; a centre that nobody is nearest to is dropped."""
    centres = points[rng.permutation(len(points))[:count]]
    for _ in range(ROUNDS if len(points) else 0):
        nearest = _squared_distances(points, centres).argmin(axis=1)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, points)
        centres = sums[counts > 0] / counts[counts > 0][:, None]
    return centres


def _squared_distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    squares = (points**2).sum(axis=1, keepdims=True) + (centres**2).sum(axis=1)
    return squares - 2 * points @ centres.T
