"""How well people are found in a video whose boxes people drew."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models import measures
from models.evaluation.labels import BadLabels, rows_of
from models.register import weights_file
from models.video.attention import Attention
from models.video.detector import Detection, Detector
from models.video.footage import Footage, open_footage
from models.video.tracking import WEAK_SCORE, Track, Tracker

Scored = tuple[float, measures.Box]

UNFOLLOWED = 0.8  # of the score of a box that belongs to no track
MIN_OVERLAP = 0.5  # of a box with a track's: then it is the same person


def evaluate_detection(
    video: Path, boxes: Path, first: int | None = None, last: int | None = None
) -> dict[str, float | None]:
    """Judge the people found in frames `first` to `last` (both included, counted from 0).

    What is judged is what the product does with every frame of one stretch that begins at `first`:
    detect where the picture changed, follow, count. Frames after the one that is judged are not
    looked at. Average precision is over tracks and over the boxes that belong to none, from a score
    of 0.15. A frame in that range without a row in `boxes` shows nobody.

    Raises:
        BadLabels, UnreadableVideo: see there.
    """
    truth = _boxes(boxes)
    first = min(truth) if first is None else first
    last = max(truth) if last is None else last
    judged, errors, cpu_s = [], [], 0.0
    with open_footage(video) as footage:
        start = time.process_time()
        for index, found, counted in _people(footage, first, last):
            cpu_s += time.process_time() - start
            judged += measures.judge_boxes(found, truth[index])
            errors.append(abs(counted - len(truth[index])))
            start = time.process_time()
    if not errors:
        raise BadLabels(f"{video.name}: holds no frame from {first} to {last}")
    total = sum(len(truth[index]) for index in range(first, last + 1))
    return {
        "ap50": measures.average_precision(judged, total),
        "count_mae": float(np.mean(errors)),
        "cpu_ms_per_frame": 1000 * cpu_s / len(errors),
    }


def _people(footage: Footage, first: int, last: int) -> Iterator[tuple[int, list[Scored], int]]:
    """Of each frame the scored boxes of people, and how many are counted."""
    detector = Detector(weights_file("nanodet-416"), min_score=WEAK_SCORE)
    attention, tracker = Attention(detector, footage.height_px, footage.width_px), Tracker()
    for index, frame in footage.frames(lambda i: first <= i <= last):
        at_s = index / footage.frame_rate_hz
        found = attention.detect(at_s, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), frame)
        tracks = [t for t in tracker.update(at_s, found) if t.family == "person"]
        people = [box for box in found if box.label == "person"]
        yield index, _scored(tracks, people), sum(track.is_counted for track in tracks)


def _scored(tracks: list[Track], people: list[Detection]) -> list[Scored]:
    followed = [(track.certainty, _corners(track.box)) for track in tracks]
    return followed + [
        (UNFOLLOWED * one.score, _corners(one))
        for one in people
        if all(measures.overlap(_corners(one), box) < MIN_OVERLAP for _, box in followed)
    ]


def _corners(box: Detection) -> measures.Box:
    return box.x0, box.y0, box.x1, box.y1


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
