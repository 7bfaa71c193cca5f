"""From a budget of false alarms a day to the threshold that keeps it."""

import math

import numpy as np

BLOCK_S = 10  # an anomaly that lasts is one alarm, not one a frame
TAIL = 0.5  # of the blocks: the exponential tail is fitted above this quantile
MIN_BLOCKS = 10


def block_maxima(scores: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the highest score of each 10 seconds (a shorter rest counts if it is half a block)."""
    length = max(1, round(BLOCK_S * rate_hz))
    starts = range(0, len(scores), length)
    whole = [scores[at : at + length] for at in starts if len(scores) - at >= length / 2]
    return np.array([block.max() for block in whole or [scores] if len(block)])


def threshold(maxima: np.ndarray, false_alarms_per_day: float) -> float:
    """Return the score that normal footage exceeds in so many 10-second blocks a day.

    Peaks over a threshold with an exponential tail: a budget of one a day is read beyond what
    minutes of footage ever showed, so the result is an estimate, better with every hour learnt.

    Raises:
        ValueError: no budget, or too little held-out normal footage to estimate from.
    """
    if not false_alarms_per_day > 0:
        raise ValueError("false_alarms_per_day must be above 0")
    if len(maxima) < MIN_BLOCKS:
        raise ValueError(f"{len(maxima)} blocks of normal footage; {MIN_BLOCKS} are needed")
    per_day = 86_400 / BLOCK_S
    if false_alarms_per_day >= per_day * (1 - TAIL):
        return float(np.quantile(maxima, max(0.0, 1 - false_alarms_per_day / per_day)))
    base = float(np.quantile(maxima, TAIL))
    excess = maxima[maxima > base] - base
    spread = float(excess.mean()) if excess.size else 0.0
    share = excess.size / len(maxima)
    return base + spread * math.log(max(share, 1e-9) * per_day / false_alarms_per_day)
