"""What a classifier says of posts: probabilities, a decision, and whether a person should look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# What a post is about; several may hold at once.
THEMES = ("crowding", "panic", "threat", "hate", "disorder", "rumour", "informative", "calm")
# How a post speaks, after Davidson et al. (2017); one holds.
TONES = ("hate", "offensive", "neither")


@dataclass(frozen=True)
class Reading:
    """Class probabilities (texts, classes), decided class (texts,), and who abstains (texts,).

    The decided class need not be the most probable one: a rare class that is costly to miss may be
    decided for below even odds.
    """

    probabilities: np.ndarray
    decided: np.ndarray
    is_uncertain: np.ndarray

    def merged(self, positive: Sequence[int]) -> "Reading":
        """The same reading as no and yes, where the classes `positive` count as yes."""
        yes = self.probabilities[:, list(positive)].sum(axis=1)
        decided = np.isin(self.decided, positive).astype(int)
        return Reading(np.stack([1 - yes, yes], axis=1), decided, self.is_uncertain)
