"""Find people and vehicles in one frame with NanoDet (416x416, COCO classes)."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

DETECTOR_VERSION = "nanodet-416@3.0.4"
SIDE_PX = 416
STRIDES_PX = (8, 16, 32)
BINS = np.arange(11, dtype=np.float32)  # each box side is a distribution over 11 distances
MIN_SCORE = 0.35
MAX_OVERLAP = 0.45  # intersection over union above which the weaker box is dropped
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


@dataclass(frozen=True)
class Detector:
    """Detector over one weights file; the network loads at the first frame."""

    weights_path: Path
    threads: int = 1
    min_score: float = MIN_SCORE

    def detect(self, frame_bgr: np.ndarray) -> list[Detection]:
        """Return what is seen in `frame_bgr` (uint8, height x width x 3), best score first.

        Raises FileNotFoundError when the weights are missing.
        """
        outputs = _session(self.weights_path, self.threads).run(
            None, {"input_1": _input(frame_bgr)}
        )
        boxes, scores, kinds = _candidates(outputs[:3], outputs[3:], self.min_score)
        height_px, width_px = frame_bgr.shape[:2]
        boxes = np.clip(boxes, 0, SIDE_PX) * np.tile([width_px, height_px], 2) / SIDE_PX
        return [
            Detection(*map(float, boxes[i]), LABELS[kinds[i]], float(scores[i]))
            for i in strongest_boxes(boxes, scores, FAMILIES[kinds])
        ]


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


def _input(frame_bgr: np.ndarray) -> np.ndarray:
    return cv2.dnn.blobFromImage(frame_bgr, 1 / 255, (SIDE_PX, SIDE_PX), swapRB=True)


def _candidates(
    scores_by_stride: list[np.ndarray], sides_by_stride: list[np.ndarray], min_score: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes [n, 4] in network pixels, their scores [n] and positions in LABELS [n]."""
    parts = []
    for stride_px, scores, sides in zip(STRIDES_PX, scores_by_stride, sides_by_stride, strict=True):
        wanted = scores[0][:, COCO_CLASSES]
        cells = np.flatnonzero(wanted.max(axis=1) >= min_score)
        boxes = _decode(cells, sides[0][cells], stride_px)
        parts.append((boxes, wanted[cells].max(axis=1), wanted[cells].argmax(axis=1)))
    boxes, best, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return boxes, best, kinds


def _decode(cells: np.ndarray, sides: np.ndarray, stride_px: int) -> np.ndarray:
    """Boxes x0, y0, x1, y1: a cell's centre plus the expected distance to each side."""
    sides = sides.reshape(-1, 4, len(BINS))
    odds = np.exp(sides - sides.max(axis=2, keepdims=True))
    left, top, right, bottom = ((odds @ BINS) / odds.sum(axis=2) * stride_px).T
    row, column = np.divmod(cells, SIDE_PX // stride_px)
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
