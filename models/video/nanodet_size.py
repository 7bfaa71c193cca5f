"""Free a fixed-size picture network of its size: the same weights then take any multiple of 32."""

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from models.video.nanodet_rules import UnknownGraph


def without_fixed_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the network with free height and width, and as many places as they hold.

    A resize to a number of rows becomes one by a factor, a reshape counts its last axis itself.
    Raises UnknownGraph where the factor is not 2 or a half.
    """
    shapes = _shapes(shape_inference.infer_shapes(model, data_prop=True))
    freed = onnx.ModelProto()
    freed.CopyFrom(model)
    graph, replaced = freed.graph, {}
    for node in graph.node:
        if node.op_type == "Resize":
            factor = _factor(node, shapes)
            name = f"{node.name}/factors"
            replaced[name] = np.array([1, 1, factor, factor], np.float32)
            del node.input[1:]
            node.input.extend(["", name])
        elif node.op_type == "Reshape":
            replaced[node.input[1]] = np.array([*shapes[node.output[0]][:-1], -1], np.int64)
    _keep_weights(graph, replaced)
    _free_axes(graph)
    return freed


def _shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    graph = model.graph
    return {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }


def _factor(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> float:
    before, after = shapes[node.input[0]][2:], shapes[node.output[0]][2:]
    for factor in (2.0, 0.5):
        if before and after == [factor * side for side in before]:
            return factor
    raise UnknownGraph(f"{node.name}: resizes {before} to {after}, neither twice nor half")


def _keep_weights(graph: onnx.GraphProto, replaced: dict[str, np.ndarray]) -> None:
    """Drop what nothing reads any more, put in what was replaced."""
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            graph.node.remove(node)
    for weight in list(graph.initializer):
        if weight.name in replaced or weight.name not in needed:
            graph.initializer.remove(weight)
    graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in replaced.items())


def _free_axes(graph: onnx.GraphProto) -> None:
    for picture in graph.input:
        height, width = picture.type.tensor_type.shape.dim[2:]
        height.dim_param, width.dim_param = "height", "width"
    for output in graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "places"
