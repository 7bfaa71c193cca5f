"""How well people are found in a video whose boxes people drew."""

import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from models import measures
from models.evaluation.labels import BadLabels, rows_of
from models.register import weights_file
from models.video.detector import MIN_SCORE, Detector
from models.video.footage import open_footage

LOW_SCORE = 0.02  # average precision looks at weak boxes too


def evaluate_detection(
    video: Path, boxes: Path, first: int | None = None, last: int | None = None
) -> dict[str, float | None]:
    """Judge the boxes of people in frames `first` to `last` (both included, counted from 0).

    A frame in that range without a row in `boxes` shows nobody. Average precision is over boxes
    from a score of 0.02; the count of people is that of the product, from its own threshold.

    Raises:
        BadLabels, UnreadableVideo: see there.
    """
    truth = _boxes(boxes)
    first = min(truth) if first is None else first
    last = max(truth) if last is None else last
    detector = replace(Detector(weights_file("nanodet-416")), min_score=LOW_SCORE)
    judged, errors, frames, cpu_s = [], [], 0, 0.0
    with open_footage(video) as footage:
        start = time.process_time()
        for index, frame in footage.frames(lambda i: first <= i <= last):
            people = [box for box in detector.detect(frame) if box.label == "person"]
            cpu_s += time.process_time() - start
            found = [(b.score, (b.x0, b.y0, b.x1, b.y1)) for b in people]
            judged += measures.judge_boxes(found, truth[index])
            counted = sum(box.score >= MIN_SCORE for box in people)
            errors.append(abs(counted - len(truth[index])))
            frames += 1
            start = time.process_time()
    if not frames:
        raise BadLabels(f"{video.name}: holds no frame from {first} to {last}")
    total = sum(len(truth[index]) for index in range(first, last + 1))
    return {
        "ap50": measures.average_precision(judged, total),
        "count_mae": float(np.mean(errors)),
        "cpu_ms_per_frame": 1000 * cpu_s / frames,
    }


def _boxes(path: Path) -> dict[int, list[measures.Box]]:
    found: dict[int, list[measures.Box]] = defaultdict(list)
    for row in rows_of(path, ("frame", "x", "y", "w", "h")):
        try:
            x, y, w, h = (float(row[name]) for name in "xywh")
            found[int(row["frame"])].append((x, y, x + w, y + h))
        except ValueError as error:
            raise BadLabels(f"{path.name}: {row} holds something that is no number") from error
    if not found:
        raise BadLabels(f"{path.name}: holds no box")
    return found
