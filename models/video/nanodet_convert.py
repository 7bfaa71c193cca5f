"""Turn the published NanoDet graph (TensorFlow.js, fp16) into ONNX, once, at set-up.

Needs only `onnx` and numpy. The same input gives the same bytes, so weights.toml pins the result.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.video.nanodet_rules import Conversion, Picture, UnknownGraph, apply_rule
from models.video.nanodet_size import without_fixed_size

OPSET = 17
IR_VERSION = 8


def convert(directory: Path, output: Path) -> None:
    """Read nanodet.json and nanodet.bin in `directory`, write `output` (ONNX, fp32 weights).

    Input `input_1`: 1 x 3 x height x width, RGB/255, both sides multiples of 32 (published for
    416 x 416). Outputs: scores [1, n, 80] and boxes [1, n, 44] for the n places 8, 16 and 32 px
    apart. Raises UnknownGraph for an operation not handled.
    """
    source = json.loads((directory / "nanodet.json").read_text())
    weights = read_weights(source["weightsManifest"], directory)
    topology = source["modelTopology"]["node"]
    conversion = Conversion({**weights, "input_1": Picture("input_1")})
    for node in topology:
        if node["op"] not in ("Const", "Placeholder"):
            apply_rule(conversion, node)
    model = without_fixed_size(_model(conversion, source["signature"]))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, output)


def read_weights(manifest: list[dict], directory: Path) -> dict[str, np.ndarray]:
    """Return every constant by name; fp16 ones as fp32 (exact)."""
    weights = {}
    for group in manifest:
        buffer = b"".join((directory / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", entry)["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            array = np.frombuffer(buffer, stored.newbyteorder("<"), count, offset)
            weights[entry["name"]] = array.astype(entry["dtype"]).reshape(entry["shape"])
            offset += array.nbytes
        if offset != len(buffer):
            raise UnknownGraph(f"{group['paths']}: read {offset} of {len(buffer)} bytes")
    return weights


def _model(conversion: Conversion, signature: dict) -> onnx.ModelProto:
    graph = helper.make_graph(
        conversion.nodes,
        "nanodet",
        [_tensor(entry) for entry in signature["inputs"].values()],
        [_tensor(signature["outputs"][name]) for name in sorted(signature["outputs"])],
        [numpy_helper.from_array(array, name) for name, array in conversion.weights.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def _tensor(entry: dict) -> onnx.ValueInfoProto:
    shape = [int(axis["size"]) for axis in entry["tensorShape"]["dim"]]
    name = entry["name"].removesuffix(":0")
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
