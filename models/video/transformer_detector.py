"""RT-DETR or D-FINE by `transformers`, in the detector's place where there is a GPU, or time.

The weights are a folder as a model hub's revision has it (config.json, model.safetensors), put
there at set-up; nothing is fetched here. Its sha256 pins the revision. torch loads with the first
frame, and only when this detector is chosen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from models.video.detector import LABELS, MIN_SCORE, Detection, Window, cell_grid

SIDE_PX = 640  # both families were taught on it, stretched
OTHER_NAMES = {"motorbike": "motorcycle"}  # the older spelling of some configurations


class WrongWeights(ValueError):
    """A folder holds no such detector, or another revision; says what to do."""


@dataclass(frozen=True)
class TransformerDetector:
    """Stands where `Detector` stands. `sha256`: of model.safetensors."""

    weights_path: Path
    sha256: str
    threads: int = 1
    min_score: float = MIN_SCORE
    device: str = "cpu"

    def detect(
        self, frame_bgr: np.ndarray, windows: Sequence[Window] | None = None
    ) -> list[Detection]:
        """Return what is seen in `frame_bgr` (uint8, height x width x 3), best score first.

        The whole frame is looked at; with `windows` only what lies in one of them is returned.
        Raises WrongWeights.
        """
        import torch

        if windows is not None and not windows:
            return []
        model = _model(self.weights_path, self.sha256, self.device)
        torch.set_num_threads(self.threads)
        picture = torch.from_numpy(_input(frame_bgr)).to(self.device)
        with torch.inference_mode():
            result = model(pixel_values=picture)
        scores = result.logits[0].sigmoid().float().cpu().numpy()
        boxes = _corners(result.pred_boxes[0].float().cpu().numpy(), frame_bgr.shape)
        found = _detections(boxes, scores, model.config.id2label, self.min_score)
        return [one for one in found if windows is None or _is_in(one, windows, frame_bgr.shape)]


@lru_cache(maxsize=1)
def _model(folder: Path, sha256: str, device: str):
    file = folder / "model.safetensors"
    if not file.is_file():
        raise WrongWeights(f"{folder.name} holds no model.safetensors: put the revision there")
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise WrongWeights(f"{folder.name}: sha256 {found[:12]}..., pinned is {sha256[:12]}...")
    from transformers import AutoModelForObjectDetection

    model = AutoModelForObjectDetection.from_pretrained(folder, local_files_only=True)
    return model.eval().to(device)


def _input(frame_bgr: np.ndarray) -> np.ndarray:
    """1 x 3 x 640 x 640, RGB/255: neither family takes a mean off."""
    return cv2.dnn.blobFromImage(frame_bgr, 1 / 255, (SIDE_PX, SIDE_PX), swapRB=True)


def _corners(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """From middle and size (0-1) to corners in px of the frame."""
    middle, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.clip(np.c_[middle - half, middle + half], 0, 1) * np.tile(shape[1::-1], 2)


def _detections(
    boxes: np.ndarray, scores: np.ndarray, names: dict[int, str], min_score: float
) -> list[Detection]:
    """One per query, of the label that is seen best, when it is one of ours."""
    ours = {i: OTHER_NAMES.get(name, name) for i, name in names.items()}
    columns = [i for i, name in ours.items() if name in LABELS]
    if not columns:
        raise WrongWeights(f"the detector knows none of {', '.join(LABELS)}")
    best = scores[:, columns].argmax(axis=1)
    found = [
        Detection(*map(float, box), ours[columns[kind]], float(row[columns[kind]]))
        for box, row, kind in zip(boxes, scores, best, strict=True)
        if row[columns[kind]] >= min_score
    ]
    return sorted(found, key=lambda one: -one.score)


def _is_in(found: Detection, windows: Sequence[Window], shape: tuple[int, ...]) -> bool:
    rows, columns = cell_grid(*shape[:2])
    height, width = shape[0] / rows, shape[1] / columns
    return any(
        found.x0 < w.right * width
        and found.x1 > w.left * width
        and found.y0 < w.bottom * height
        and found.y1 > w.top * height
        for w in windows
    )
