"""What every patch of a frame looks like: features from the middle of the detector's network.

The detector was taught people, bicycles, skateboards and vehicles; the convolution that hands its
stride-8 features over to the pyramid tells them apart better than features taught on ImageNet
(models/README.md), and costs a quarter of a detection. No head, no class, no box is computed.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime

SIDE_PX = 416  # every camera is calibrated and scored at this size, stretched
LAYER = "PartitionedCall/convolution_25"
INPUT = "input_1"
GRID = SIDE_PX // 8  # patches a side
CHANNELS = 128


class PatchNet:
    """The lower part of the detector's network; loads when made."""

    def __init__(self, weights_path: Path, threads: int = 1) -> None:
        """Raises FileNotFoundError when the weights are missing."""
        self._session = _session(weights_path, threads)

    def features(self, frame_bgr: np.ndarray) -> np.ndarray:
        """Return features [GRID, GRID, CHANNELS], each the mean over 3 x 3 patches."""
        blob = cv2.dnn.blobFromImage(frame_bgr, 1 / 255, (SIDE_PX, SIDE_PX), swapRB=True)
        found = self._session.run([LAYER], {INPUT: blob})[0][0]
        return np.stack([cv2.blur(channel, (3, 3)) for channel in found], axis=-1)


@lru_cache(maxsize=1)
def _session(weights_path: Path, threads: int) -> onnxruntime.InferenceSession:
    if not weights_path.is_file():
        raise FileNotFoundError(
            f"{weights_path.name} is missing: run `python -m models.weights fetch`"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    model = _lower_part(onnx.load(weights_path)).SerializeToString()
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def _lower_part(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network cut off after LAYER. Raises ValueError when it has no such layer."""
    graph, needed, nodes = model.graph, {LAYER}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            nodes.insert(0, node)
            needed.update(node.input)
    if not nodes:
        raise ValueError(f"the detector's network has no layer {LAYER}")
    shape = [1, CHANNELS, GRID, GRID]
    output = onnx.helper.make_tensor_value_info(LAYER, onnx.TensorProto.FLOAT, shape)
    weights = [array for array in graph.initializer if array.name in needed]
    lower = onnx.helper.make_graph(nodes, "patches", list(graph.input), [output], weights)
    return onnx.helper.make_model(
        lower, opset_imports=model.opset_import, ir_version=model.ir_version
    )
