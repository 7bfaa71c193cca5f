"""Which examples are left out together."""

from collections.abc import Sequence

import numpy as np

from models.text.training.examples import OURS, Example, digest

# Cosine of two own posts, the mean taken off, from which one is taken for the other's translation
# or variant: both are then left out at once, or the figure would flatter.
ALIKE = 0.7


def folds_of(examples: Sequence[Example], vectors: np.ndarray, count: int) -> np.ndarray:
    """Fold 0 .. count-1 of each example: a crisis event as a whole, own posts with those alike.

    `vectors` (len(examples), hidden) are read for posts that carry themes of our own.
    """
    names = [example.group for example in examples]
    own = [place for place, example in enumerate(examples) if example.source in OURS]
    for place, first in zip(own, _first_alike(vectors[own]), strict=True):
        names[place] = examples[own[first]].group
    crisis = sorted({e.group for e in examples if e.source == "crisis"})
    turn = {event: number % count for number, event in enumerate(crisis)}
    return np.array([turn.get(name, fold_by_hash(name, count)) for name in names])


def fold_by_hash(name: str, count: int) -> int:
    """Fold of what stands alone."""
    return int(digest(name)[:8], 16) % count


def _first_alike(vectors: np.ndarray) -> list[int]:
    """For each row the first row that it is tied to, directly or through others."""
    moved = vectors - vectors.mean(axis=0)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    root = list(range(len(moved)))

    def find(place: int) -> int:
        while root[place] != place:
            place = root[place]
        return place

    for a, b in np.argwhere(np.triu(moved @ moved.T, 1) >= ALIKE):
        first, second = sorted((find(int(a)), find(int(b))))
        root[second] = first
    return [find(place) for place in range(len(moved))]
