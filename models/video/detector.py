"""Find people and vehicles in one frame, or in parts of it, with NanoDet (COCO classes)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime

DETECTOR_VERSION = "nanodet-416@3.0.4/2"  # weights, then how they are used
CELL_PX = 32  # the network takes pictures of whole cells
# Of the picture that the network is given: 544 x 416 of 4:3, 640 x 352 of 16:9. Half of it loses
# people 40 px high, more gains nothing after tracking (models/README.md).
NETWORK_PX = 544 * 416
MAX_ENLARGEMENT = 2.0
CUT_PX = 2  # from the edge of a window: the thing goes on outside
STRIDES_PX = (8, 16, 32)
BINS = np.arange(11, dtype=np.float32)  # each box side is a distribution over 11 distances
MIN_SCORE = 0.35
MAX_OVERLAP = 0.5  # intersection over union above which the weaker box is dropped
COCO_CLASSES = (0, 1, 2, 3, 5, 7)
LABELS = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
VEHICLES = frozenset({"car", "motorcycle", "bus", "truck"})
# A van is often seen as car and truck at once: boxes compete within a family, not within a label.
FAMILIES = np.array([0, 1, 2, 1, 2, 2])


@dataclass(frozen=True)
class Detection:
    """A box in a frame: corners in pixels of that frame, label, score 0-1."""

    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    score: float

    @property
    def foot_point(self) -> tuple[float, float]:
        """Where the thing touches the ground (x, y in px): middle of the lower edge."""
        return (self.x0 + self.x1) / 2, self.y1


class Window(NamedTuple):
    """A part of the picture, in cells: top and left included, bottom and right not."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Cells inside."""
        return (self.bottom - self.top) * (self.right - self.left)


@dataclass(frozen=True)
class Detector:
    """Detector over one weights file; the network loads at the first frame."""

    weights_path: Path
    threads: int = 1
    min_score: float = MIN_SCORE

    def detect(
        self, frame_bgr: np.ndarray, windows: Sequence[Window] | None = None
    ) -> list[Detection]:
        """Return what is seen in `frame_bgr` (uint8, height x width x 3), best score first.

        With `windows` (of cell_grid's cells) only there; boxes are in pixels of the frame always.
        Raises FileNotFoundError when the weights are missing.
        """
        rows, columns = cell_grid(*frame_bgr.shape[:2])
        windows = [Window(0, 0, rows, columns)] if windows is None else windows
        if not windows:
            return []
        picture = _input(frame_bgr, rows, columns)
        found = [self._candidates(picture, window) for window in windows]
        boxes, scores, kinds = (np.concatenate(column) for column in zip(*found, strict=True))
        boxes *= np.tile(np.divide(frame_bgr.shape[1::-1], picture.shape[:1:-1]), 2)
        return [
            Detection(*map(float, boxes[i]), LABELS[kinds[i]], float(scores[i]))
            for i in strongest_boxes(boxes, scores, FAMILIES[kinds])
        ]

    def _candidates(
        self, picture: np.ndarray, window: Window
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes [n, 4] in px of the whole network picture, scores [n], positions in LABELS [n]."""
        top, left, bottom, right = (CELL_PX * edge for edge in window)
        part = np.ascontiguousarray(picture[:, :, top:bottom, left:right])
        outputs = _session(self.weights_path, self.threads).run(None, {"input_1": part})
        boxes, scores, kinds = _candidates(outputs[:3], outputs[3:], right - left, self.min_score)
        boxes = np.clip(boxes, 0, np.tile([right - left, bottom - top], 2))
        boxes += np.tile([left, top], 2)
        whole = ~_is_cut(boxes, (left, top, right, bottom), picture.shape[:1:-1])
        return boxes[whole], scores[whole], kinds[whole]


def _is_cut(
    boxes: np.ndarray, window: tuple[int, int, int, int], size: tuple[int, int]
) -> np.ndarray:
    """Which boxes end at an edge of the window that is no edge of the picture (width, height)."""
    inner = [window[0] > 0, window[1] > 0, window[2] < size[0], window[3] < size[1]]
    return ((np.abs(boxes - np.array(window)) < CUT_PX) & inner).any(axis=1)


def cell_grid(height_px: int, width_px: int) -> tuple[int, int]:
    """Rows and columns of cells for a frame: its proportions kept, about NETWORK_PX in all."""
    scale = min(MAX_ENLARGEMENT, math.sqrt(NETWORK_PX / (height_px * width_px))) / CELL_PX
    return max(1, round(height_px * scale)), max(1, round(width_px * scale))


@lru_cache(maxsize=1)
def _session(weights_path: Path, threads: int) -> onnxruntime.InferenceSession:
    """One network per process: a second copy would only cost memory."""
    if not weights_path.is_file():
        raise FileNotFoundError(
            f"{weights_path.name} is missing: run `python -m models.weights fetch`"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(weights_path, options, ["CPUExecutionProvider"])


def _input(frame_bgr: np.ndarray, rows: int, columns: int) -> np.ndarray:
    size = columns * CELL_PX, rows * CELL_PX
    return cv2.dnn.blobFromImage(frame_bgr, 1 / 255, size, swapRB=True)


def _candidates(
    scores_by_stride: list[np.ndarray],
    sides_by_stride: list[np.ndarray],
    width_px: int,
    min_score: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes [n, 4] in network pixels, their scores [n] and positions in LABELS [n]."""
    parts = []
    for stride_px, scores, sides in zip(STRIDES_PX, scores_by_stride, sides_by_stride, strict=True):
        wanted = scores[0][:, COCO_CLASSES]
        places = np.flatnonzero(wanted.max(axis=1) >= min_score)
        boxes = _decode(places, sides[0][places], width_px, stride_px)
        parts.append((boxes, wanted[places].max(axis=1), wanted[places].argmax(axis=1)))
    boxes, best, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return boxes, best, kinds


def _decode(places: np.ndarray, sides: np.ndarray, width_px: int, stride_px: int) -> np.ndarray:
    """Boxes x0, y0, x1, y1: a place's centre plus the expected distance to each side."""
    sides = sides.reshape(-1, 4, len(BINS))
    odds = np.exp(sides - sides.max(axis=2, keepdims=True))
    left, top, right, bottom = ((odds @ BINS) / odds.sum(axis=2) * stride_px).T
    row, column = np.divmod(places, width_px // stride_px)
    x, y = (column + 0.5) * stride_px, (row + 0.5) * stride_px
    return np.stack([x - left, y - top, x + right, y + bottom], axis=1)


def strongest_boxes(boxes: np.ndarray, scores: np.ndarray, families: np.ndarray) -> list[int]:
    """Indices of the boxes [n, 4] that no stronger box of the same family overlaps."""
    order = np.argsort(-scores, kind="stable")
    rivals = _overlap(boxes[order]) > MAX_OVERLAP
    rivals &= families[order][:, None] == families[order][None, :]
    is_kept = np.ones(len(order), dtype=bool)
    for i in range(len(order)):
        if is_kept[i]:
            is_kept[i + 1 :] &= ~rivals[i, i + 1 :]
    return order[is_kept].tolist()


def _overlap(boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair of boxes, [n, n]."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return shared / np.maximum(area[:, None] + area[None, :] - shared, 1e-9)
