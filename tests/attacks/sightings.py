"""The attacked data: a clip with hand-drawn boxes and identities, and what each output shows.

PETS 2009 S2.L1 (research data, its SOURCE.md says what it is) is OpenCV's vtest.avi: its first 40 s
have 10 people whom people annotated by hand. The attacker is told who is who in a stretch, and is
asked who is who in another one; so no weakness of a tracker protects anybody.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

RATE_HZ = 10
SCALE = 1.6  # boxes are given for 480x360, the clip is 768x576
STRETCH = 50  # frames: 5 s
MIN_SEEN = 10  # samples of somebody in a stretch; fewer are not used
EDGE_PX = 4  # nobody half out of the picture


@dataclass(frozen=True)
class Box:
    """Where somebody is, in whole px of the clip."""

    person: int
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def area(self) -> slice:
        """Index of the box in a picture."""
        return np.s_[self.y0 : self.y1, self.x0 : self.x1]


def boxes_by_frame(folder: Path) -> dict[int, list[Box]]:
    """Read the annotation of pets2009_s2l1."""
    found: dict[int, list[Box]] = defaultdict(list)
    with (folder / "boxes_first400.csv").open() as rows:
        for row in csv.DictReader(rows):
            x, y, w, h = (float(row[name]) * SCALE for name in "xywh")
            edges = (round(v) for v in (x, y, x + w, y + h))
            found[int(row["frame"])].append(Box(int(row["track"]), *edges))
    return found


def whole_boxes(boxes: list[Box], shape: tuple[int, ...]) -> list[Box]:
    """Those that lie wholly inside the picture."""
    height, width = shape[:2]
    return [
        b for b in boxes
        if b.x0 > EDGE_PX and b.y0 > EDGE_PX and b.x1 < width - EDGE_PX and b.y1 < height - EDGE_PX
    ]  # fmt: skip


def frames_of(clip: Path, every: int, last: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index, BGR frame) of every so many-th frame."""
    capture, index = cv2.VideoCapture(str(clip)), 0
    if not capture.isOpened():
        raise FileNotFoundError(f"{clip} is missing: run make install && make up once")
    while (last is None or index < last) and capture.grab():
        if index % every == 0:
            yield index, capture.retrieve()[1]
        index += 1
