"""From logits of left-out examples to probabilities that mean what they say (Platt 1999)."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax


def platt(logits: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Scale and shift with which expit(scale * logit + shift) fits `truth` (0 or 1) best.

    Platt's targets keep the fit finite where the classes can be told apart without error.
    """
    yes, no = float(truth.sum()), float(len(truth) - truth.sum())
    wanted = np.where(truth > 0, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(found: np.ndarray) -> float:
        score = found[0] * logits + found[1]
        return float(np.mean(np.logaddexp(0, score) - wanted * score))

    scale, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(shift)


def tone_scaling(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scale, then a shift per class: softmax(scale * logits + shifts) fits `truth` best.

    `weights` give each example the share that its class has outside of the training sample.
    """
    rows = np.arange(len(truth))

    def loss(found: np.ndarray) -> float:
        probability = softmax(found[0] * logits + found[1:], axis=1)[rows, truth]
        return float(-np.average(np.log(probability + 1e-9), weights=weights))

    return minimize(loss, np.array([1.0, 0.0, 0.0, 0.0]), method="Nelder-Mead").x


def favour(probabilities: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Factor per class with which the highest of factor * probability has the best macro-F1."""
    best, found = -1.0, np.ones(3)
    for hate in np.geomspace(1, 8, 16):
        for neither in np.geomspace(0.5, 4, 13):
            factors = np.array([hate, 1.0, neither])
            score = weighted_macro_f1(truth, (probabilities * factors).argmax(1), weights, 3)
            if score > best:
                best, found = score, factors
    return found


def best_threshold(probability: np.ndarray, truth: np.ndarray) -> float:
    """The probability from which yes has the best macro-F1 on left-out examples."""
    candidates = np.linspace(0.3, 0.7, 41)
    ones = np.ones(len(truth))
    scores = [weighted_macro_f1(truth, (probability >= t).astype(int), ones, 2) for t in candidates]
    return float(candidates[int(np.argmax(scores))])


def weighted_macro_f1(
    truth: np.ndarray, decided: np.ndarray, weights: np.ndarray, class_count: int
) -> float:
    """Mean F1 over the classes, each example counted `weights` times."""
    scores = []
    for label in range(class_count):
        is_true, is_said = truth == label, decided == label
        both = weights[is_true].sum() + weights[is_said].sum()
        scores.append(2 * weights[is_true & is_said].sum() / max(both, 1e-9))
    return float(np.mean(scores))


def probability(logits: np.ndarray, scaling: Sequence[float]) -> np.ndarray:
    """Calibrated probability of yes."""
    return expit(scaling[0] * logits + scaling[1])
