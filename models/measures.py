"""Figures that judge a model: areas, precision, alarms. Pure functions of scores and labels."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

FOUND_SHARE = 0.9  # of anomalous stretches, at which false alarms are counted
MIN_OVERLAP = 0.5  # intersection over union at which a box counts as found


def auroc(is_positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve (Mann-Whitney, ties count half); None with one class only."""
    is_positive = np.asarray(is_positive, bool)
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if not positives or not negatives:
        return None
    ranks = rankdata(scores)[is_positive].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def mean_auroc(clips: Sequence[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """Mean over the clips (labels, scores) that hold both classes; None when none does."""
    areas = [area for labels, scores in clips if (area := auroc(labels, scores)) is not None]
    return float(np.mean(areas)) if areas else None


def stretches(is_set: np.ndarray) -> list[tuple[int, int]]:
    """Runs of True as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(is_set, int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def false_alarms_per_hour(
    clips: Sequence[tuple[np.ndarray, np.ndarray]], rate_hz: float
) -> float | None:
    """False alarms per hour of normal footage at the threshold that finds 90 % of the stretches.

    A stretch (frames in a row labelled anomalous, within one clip) is found when any of its frames
    reaches the threshold. A false alarm is a run of frames that reach it, gaps under a second
    closed, without an anomalous frame in it. None without stretches or without normal frames.
    """
    peaks = [scores[a:b].max() for labels, scores in clips for a, b in stretches(labels)]
    normal_s = sum(int((labels == 0).sum()) for labels, _ in clips) / rate_hz
    if not peaks or not normal_s:
        return None
    needed = int(np.ceil(FOUND_SHARE * len(peaks)))
    threshold = np.sort(peaks)[::-1][needed - 1]
    false = sum(_false_runs(labels, scores >= threshold, rate_hz) for labels, scores in clips)
    return false / normal_s * 3600


def _false_runs(labels: np.ndarray, is_over: np.ndarray, rate_hz: float) -> int:
    runs: list[list[int]] = []
    for first, end in stretches(is_over):
        if runs and first - runs[-1][1] < rate_hz:
            runs[-1][1] = end
        else:
            runs.append([first, end])
    return sum(not labels[first:end].any() for first, end in runs)


Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in px


def judge_boxes(
    found: Sequence[tuple[float, Box]], truth: Sequence[Box]
) -> list[tuple[float, bool]]:
    """Score of each found box, best first, and whether it is the first on some true box."""
    free, judged = list(truth), []
    for score, box in sorted(found, key=lambda pair: -pair[0]):
        best = max(free, key=lambda true: overlap(true, box), default=None)
        is_hit = best is not None and overlap(best, box) >= MIN_OVERLAP
        if is_hit:
            free.remove(best)
        judged.append((score, is_hit))
    return judged


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / max(both - shared, 1e-9)


def average_precision(judged: Sequence[tuple[float, bool]], true_count: int) -> float | None:
    """Area under precision over recall, all points; None when there is nothing to find."""
    if not true_count:
        return None
    hits = np.array([hit for _, hit in sorted(judged, key=lambda pair: -pair[0])], bool)
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float((hits * best_from_here).sum() / true_count)


CALIBRATION_BINS = 15


def precision_and_recall(
    truth: np.ndarray, decided: np.ndarray, class_count: int
) -> list[dict[str, float | int | None]]:
    """Count, precision, recall and F1 per class; None where there is nothing to divide by."""
    return [_of_class(truth == label, decided == label) for label in range(class_count)]


def _of_class(is_true: np.ndarray, is_said: np.ndarray) -> dict[str, float | int | None]:
    hits, true_count, said_count = (int(x.sum()) for x in (is_true & is_said, is_true, is_said))
    return {
        "count": true_count,
        "precision": _share(hits, said_count),
        "recall": _share(hits, true_count),
        "f1": _share(2 * hits, true_count + said_count),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def macro_f1(truth: np.ndarray, decided: np.ndarray, class_count: int) -> float | None:
    """Mean F1 over the classes; None where the truth lacks one of them."""
    classes = precision_and_recall(truth, decided, class_count)
    if not all(found["count"] for found in classes):
        return None
    return round(float(np.mean([found["f1"] for found in classes])), 4)


def calibration_error(truth: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Expected calibration error over 15 bins of equal width (Guo et al. 2017), class by class.

    `probabilities` has shape (items, classes). Of two classes the second is taken, of more their
    mean (Nixon et al. 2019).
    """
    if not len(truth):
        return None
    first = 1 if probabilities.shape[1] == 2 else 0
    errors = [
        _binned_gap(truth == label, probabilities[:, label])
        for label in range(first, probabilities.shape[1])
    ]
    return round(float(np.mean(errors)), 4)


def _binned_gap(is_true: np.ndarray, probability: np.ndarray) -> float:
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    counts = np.bincount(bins, minlength=CALIBRATION_BINS)
    gaps = np.bincount(bins, probability - is_true, CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / counts.sum())
