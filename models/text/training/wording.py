"""Learn tones from words: multinomial logistic regression on hashed n-grams."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from models.text.reading import TONES
from models.text.wording import BUCKETS, hashed, weighed

RIDGE, ROUNDS = 1e-5, 120


def no_wording() -> dict[str, np.ndarray]:
    """Arrays that say nothing: every tone alike."""
    return {
        "tone_rarity": np.ones(BUCKETS, np.float16),
        "tone_weights": np.zeros((BUCKETS, len(TONES)), np.float16),
        "tone_offsets": np.zeros(len(TONES), np.float32),
    }


def fit_wording(texts: Sequence[str], tones: Sequence[int]) -> dict[str, np.ndarray]:
    """Arrays for models/text/wording.py; rare tones count as the root of their share says."""
    if not texts:
        return no_wording()
    classes = len(TONES)
    filled, truth = hashed(texts), np.asarray(tones, int)
    held = np.asarray(filled.sum(axis=0)).ravel()
    rarity = (np.log((1 + len(texts)) / (1 + held)) + 1).astype(np.float16)
    rows = weighed(filled, rarity.astype(np.float32))
    columns, one_hot = rows.T.tocsr(), np.eye(classes)[truth]
    weights = (1 / np.bincount(truth, minlength=classes)[truth]) ** 0.5
    weights /= weights.sum()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        found = flat.reshape(-1, classes)
        log_probability = log_softmax(rows @ found[:-1] + found[-1], axis=1)
        gap = (np.exp(log_probability) - one_hot) * weights[:, None]
        slope = np.vstack([columns @ gap + 2 * RIDGE * found[:-1], gap.sum(axis=0)])
        fit = -(weights * (log_probability * one_hot).sum(axis=1)).sum()
        return float(fit + RIDGE * (found[:-1] ** 2).sum()), slope.ravel()

    start = np.zeros((rows.shape[1] + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}).x
    found = found.reshape(-1, classes).astype(np.float16)
    return {
        "tone_rarity": rarity,
        "tone_weights": found[:-1],
        "tone_offsets": found[-1].astype(np.float32),
    }
