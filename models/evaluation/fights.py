"""Do the motions of a clip tell a fight? An experiment: the figure decides whether it is offered.

Seven statistics of optical flow a clip, a ridge logistic regression, judged on sources that it was
not fitted on. Nothing of it runs in the product, see models/README.md.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import minimize

from models import measures
from models.evaluation.labels import BadLabels, rows_of
from models.video.footage import open_footage

WORK_PX = 80_000
RATE_HZ = 10.0
MOVING_PX = 1.0
RIDGE = 3.0
DIRECTIONS = 8


def evaluate_fights(clips: Path, labels: Path) -> dict[str, float | None]:
    """Judge clips (columns file, fight) that were left out of the fit.

    With a column `split` the rows "train" are fitted and the others judged. Else each source
    (column source_video) is judged by a fit on all others; without that column, each clip is.
    The threshold of the accuracy is the fit's own: even odds.

    Raises:
        BadLabels, UnreadableVideo: see there.
    """
    rows = list(rows_of(labels, ("file", "fight")))
    is_fight = np.array([row["fight"].strip() in ("1", "true", "True") for row in rows])
    features = np.array([_told(clips / row["file"]) for row in rows])
    judged, odds = np.zeros(len(rows), bool), np.zeros(len(rows))
    for is_left_out in _folds(rows):
        judged |= is_left_out
        odds[is_left_out] = _odds(features, is_fight, is_left_out)
    if not judged.any():
        raise BadLabels(f"{labels.name}: nothing is left out to judge on")
    return {
        "auroc": measures.auroc(is_fight[judged], odds[judged]),
        "accuracy": float(((odds > 0) == is_fight)[judged].mean()),
    }


def _told(path: Path) -> np.ndarray:
    print(path.name, file=sys.stderr, flush=True)
    return motion_features(path)


def _folds(rows: Sequence[dict[str, str]]) -> list[np.ndarray]:
    if "split" in rows[0]:
        return [np.array([row["split"] != "train" for row in rows])]
    sources = np.array([row.get("source_video", row["file"]) for row in rows])
    return [sources == source for source in dict.fromkeys(sources)]


def _odds(features: np.ndarray, is_fight: np.ndarray, is_left_out: np.ndarray) -> np.ndarray:
    """Log odds of the clips left out, from a fit on the others."""
    known, sign = features[~is_left_out], 2.0 * is_fight[~is_left_out] - 1
    mean, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
    scaled = np.c_[(features - mean) / spread, np.ones(len(features))]

    def loss(weights: np.ndarray) -> float:
        margin = sign * (scaled[~is_left_out] @ weights)
        return np.logaddexp(0, -margin).sum() + RIDGE * (weights[:-1] ** 2).sum()

    return scaled[is_left_out] @ minimize(loss, np.zeros(scaled.shape[1])).x


def motion_features(path: Path) -> np.ndarray:
    """Return seven figures of a clip's motion, at about 10 Hz, camera shake taken off.

    Strength, its change, area, jerk, spread and agreement of directions, and change of strength
    over the picture (after Hassner et al., Violent Flows, 2012).
    """
    flows = list(_flows(path))
    if len(flows) < 2:
        return np.zeros(7)
    sizes = [np.hypot(flow[..., 0], flow[..., 1]) for flow in flows]
    changes = [np.hypot(*np.moveaxis(b - a, 2, 0)) for a, b in pairwise(flows)]
    top = np.array([np.quantile(size, 0.99) for size in sizes])
    top_change = np.array([np.quantile(change, 0.99) for change in changes])
    directions = [_directions(f, s) for f, s in zip(flows, sizes, strict=True)]
    steps = [np.abs(b - a) for a, b in pairwise(sizes)]
    return np.array(
        [
            np.log(top.mean() + 0.1),
            np.log(top_change.mean() + 0.1),
            np.mean([(size > MOVING_PX).mean() for size in sizes]),
            np.mean(top_change / (top[1:] + 0.2)),
            *np.mean(directions, axis=0),
            np.mean([(step > step.mean()).mean() for step in steps]),
        ]
    )


def _flows(path: Path) -> Iterator[np.ndarray]:
    dense, before = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST), None
    with open_footage(path) as footage:
        step = max(1, round(footage.frame_rate_hz / RATE_HZ))
        scale = (WORK_PX / (footage.width_px * footage.height_px)) ** 0.5
        size = round(footage.width_px * scale), round(footage.height_px * scale)
        for _, frame in footage.frames(lambda i: i % step == 0):
            grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
            if before is not None:
                flow = dense.calc(before, grey, None)
                yield flow - np.median(flow.reshape(-1, 2), axis=0)
            before = grey


def _directions(flow: np.ndarray, size: np.ndarray) -> tuple[float, float]:
    """Entropy of the directions of what moves, and length of their mean (1 = all one way)."""
    is_moving = size > MOVING_PX
    if not is_moving.any():
        return 0.0, 0.0
    right, down = flow[is_moving].T
    counts = np.histogram(np.arctan2(down, right), DIRECTIONS, weights=size[is_moving])[0]
    share = counts / counts.sum()
    agreement = np.hypot((right / size[is_moving]).mean(), (down / size[is_moving]).mean())
    return float(-(share * np.log(share + 1e-9)).sum()), float(agreement)
