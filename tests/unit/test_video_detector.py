"""People are found where people are. Needs what set-up fetches: the weights and vtest.avi."""

import csv
import os
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.register import weights_file
from models.video.detector import Detector, Window, strongest_boxes

CACHE = Path(os.environ.get("PRECRISIS_CACHE", ".cache"))
EVALUATION = Path(os.environ.get("PRECRISIS_EVAL_DATA", "../shared/data"))
PETS = EVALUATION / "video" / "pets2009_s2l1"


@pytest.fixture(scope="module")
def detector():
    return Detector(weights_file("nanodet-416"))


def frames_of(path: Path, every: int) -> dict[int, np.ndarray]:
    capture, frames = cv2.VideoCapture(str(path)), {}
    assert capture.isOpened(), f"{path.name} is missing: run the set-up"
    index = 0
    while capture.grab():
        if index % every == 0:
            frames[index] = capture.retrieve()[1]
        index += 1
    return frames


def people_in(detector, frame):
    return [found for found in detector.detect(frame) if found.label == "person"]


def test_people_of_vtest_are_counted(detector):
    """By eye: 3 7 7 7 6 3 4 6 6 8. All of them, and traffic cones of score 0.37 to 0.40."""
    frames = frames_of(CACHE / "vtest.avi", every=80)
    assert [len(people_in(detector, frame)) for frame in frames.values()] == [
        *(3, 7, 9, 8, 6),
        *(3, 4, 9, 8, 9),
    ]


def test_van_is_one_vehicle(detector):
    frame = frames_of(CACHE / "vtest.avi", every=720)[720]
    on_van = [d for d in detector.detect(frame) if 640 < d.x0 < 670 and d.y1 < 110]
    assert [(d.label, d.x0 < 656, d.x1 > 715) for d in on_van] == [("truck", True, True)]


def test_boxes_follow_the_frame_size(detector):
    frame = frames_of(CACHE / "vtest.avi", every=720)[720]
    small = people_in(detector, frame)
    large = people_in(detector, cv2.resize(frame, None, fx=2, fy=2))
    assert len(large) == len(small)
    for a, b in zip(sorted(d.x0 for d in small), sorted(d.x0 for d in large), strict=True):
        assert b == pytest.approx(2 * a, abs=8)


def test_nothing_is_seen_in_an_empty_frame(detector):
    assert detector.detect(np.full((480, 640, 3), 90, np.uint8)) == []


def test_missing_weights_are_named_with_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nanodet\.onnx.*models\.weights fetch"):
        Detector(tmp_path / "nanodet.onnx").detect(np.zeros((64, 64, 3), np.uint8))


def test_weaker_box_goes_only_within_its_family():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [20, 0, 30, 10]], float)
    scores = np.array([0.5, 0.9, 0.4, 0.6])
    assert strongest_boxes(boxes, scores, np.array([0, 0, 1, 0])) == [1, 3, 2]


@pytest.mark.skipif(
    not PETS.is_dir(), reason=f"no evaluation data: PRECRISIS_EVAL_DATA/{PETS.name}"
)
def test_average_precision_on_pets(detector, capsys):
    """Every fourth frame of PETS 2009 S2.L1, people only, boxes by hand (A. Milan)."""
    truth = defaultdict(list)
    with (PETS / "boxes_first400.csv").open() as rows:
        for row in csv.DictReader(rows):
            x, y, w, h = (float(row[name]) for name in "xywh")
            truth[int(row["frame"])].append((x, y, x + w, y + h))
    judged, total = [], 0
    for index, frame in frames_of(PETS / "first400_480x360.avi", every=4).items():
        judged += judge(people_in(detector, frame), truth[index])
        total += len(truth[index])
    precision, ap50 = average_precision(judged, total)
    recall = sum(hit for _, hit in judged) / total
    with capsys.disabled():
        print(f"\nPETS: AP50 {ap50:.3f}, precision {precision:.3f}, recall {recall:.3f}, n {total}")
    assert total == 600
    assert ap50 > 0.75
    assert precision > 0.75
    assert recall > 0.75


def judge(found, truth) -> list[tuple[float, bool]]:
    """Score of each detection, and whether it is the first on some true box (overlap 0.5)."""
    free, judged = list(truth), []
    for detection in found:
        box = (detection.x0, detection.y0, detection.x1, detection.y1)
        best = max(free, key=lambda true: overlap(true, box), default=None)
        is_hit = best is not None and overlap(best, box) >= 0.5
        if is_hit:
            free.remove(best)
        judged.append((detection.score, is_hit))
    return judged


def overlap(a, b) -> float:
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (both - shared)


def average_precision(judged, total) -> tuple[float, float]:
    """Precision at the detector's threshold, and the area under precision over recall."""
    hits = np.array([hit for _, hit in sorted(judged, key=lambda pair: -pair[0])])
    true_positives = hits.cumsum()
    precision = true_positives / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return precision[-1], float((hits * best_from_here).sum() / total)


def test_a_window_sees_what_the_whole_picture_shows_there(detector):
    frame = frames_of(CACHE / "vtest.avi", every=240)[240]
    near = Window(5, 13, 10, 17)  # the man at the right edge: rows and columns of 13 x 17 cells
    whole = [d for d in people_in(detector, frame) if d.x0 > 640 and d.y1 > 300]
    part = [d for d in detector.detect(frame, [near]) if d.label == "person"]
    assert len(whole) == len(part) == 1
    assert overlap(corners(whole[0]), corners(part[0])) > 0.9
    assert detector.detect(frame, []) == []


def corners(found) -> tuple[float, float, float, float]:
    return found.x0, found.y0, found.x1, found.y1
