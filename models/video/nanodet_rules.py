"""How each operation of the published NanoDet graph is written in ONNX.

The published graph was itself made from an ONNX file, so it is full of transposes that only
swap between the two picture layouts. Here every picture tensor stays NCHW and the transpose
becomes a flag (`is_nhwc`): none is left in the result. Padding and bias additions fold into the
convolution beside them. Anything else raises UnknownGraph: a wrong network must not be built.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import helper

NO_PADDING = (0, 0, 0, 0)
NHWC_TO_NCHW, NCHW_TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


class UnknownGraph(ValueError):
    """The graph holds something this converter was not written for."""


@dataclass(frozen=True)
class Picture:
    """A tensor in the ONNX graph: NCHW under `name`, whatever layout the source believes in."""

    name: str
    is_nhwc: bool = False
    padding: tuple[int, ...] = NO_PADDING  # top, left, bottom, right; not yet applied
    padded_with: float = 0.0


Value = Picture | np.ndarray


@dataclass
class Conversion:
    """What has been read and written so far."""

    values: dict[str, Value]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    convolutions: dict[str, onnx.NodeProto] = field(default_factory=dict)

    def emit(self, op: str, inputs: list[str], name: str, **attributes: Any) -> onnx.NodeProto:
        node = helper.make_node(op, inputs, [name], name=name, **attributes)
        self.nodes.append(node)
        return node

    def keep(self, name: str, array: np.ndarray) -> str:
        self.weights[name] = np.ascontiguousarray(array)
        return name


def apply_rule(conversion: Conversion, node: dict) -> None:
    """Write one source node into `conversion`; raises UnknownGraph when no rule fits it."""
    try:
        rule = RULES[node["op"]]
        inputs = [conversion.values[name.removesuffix(":0")] for name in node["input"]]
    except KeyError as missing:
        raise UnknownGraph(f"{node['name']} ({node['op']}): {missing} is not known") from missing
    if rule not in (_convolution, _max_pool, _transpose) and any(map(_is_padded, inputs)):
        raise UnknownGraph(f"{node['name']} ({node['op']}): its padding would be lost")
    conversion.values[node["name"]] = rule(conversion, node, *inputs)


def _is_padded(value: Value) -> bool:
    return isinstance(value, Picture) and value.padding != NO_PADDING


def _integers(node: dict, attribute: str) -> list[int]:
    return [int(value) for value in node["attr"][attribute]["list"]["i"]]


def _require_padding(node: dict, x: Picture, is_fitting: Callable[[float], bool]) -> None:
    """Check that all padding is explicit and made of the value the ONNX operation pads with."""
    is_explicit = base64.b64decode(node["attr"]["padding"]["s"]) == b"VALID"
    if not is_explicit or (_is_padded(x) and not is_fitting(x.padded_with)):
        raise UnknownGraph(f"{node['name']}: pads in another way, with {x.padded_with}")


def _transpose(conversion: Conversion, node: dict, x: Picture, order: np.ndarray) -> Picture:
    order = order.tolist()
    if len(order) == 4:
        if order != (NHWC_TO_NCHW if x.is_nhwc else NCHW_TO_NHWC):
            raise UnknownGraph(f"{node['name']}: transpose {order}")
        return replace(x, is_nhwc=not x.is_nhwc)
    conversion.emit("Transpose", [x.name], node["name"], perm=order)
    return Picture(node["name"])


def _pad(_: Conversion, node: dict, x: Picture, amounts: np.ndarray, fill: Any = 0) -> Picture:
    """Remember the padding; the convolution or pooling that follows applies it."""
    amounts = amounts if not x.is_nhwc else amounts[NHWC_TO_NCHW]
    if amounts[:2].any():
        raise UnknownGraph(f"{node['name']}: pads batch or channels, {amounts.tolist()}")
    (top, bottom), (left, right) = amounts[2:].tolist()
    return replace(x, padding=(top, left, bottom, right), padded_with=float(fill))


def _convolution(conversion: Conversion, node: dict, x: Picture, kernel: np.ndarray) -> Picture:
    _require_padding(node, x, lambda fill: fill == 0)
    name = node["name"]
    conversion.convolutions[name] = conversion.emit(
        "Conv",
        [x.name, conversion.keep(f"{name}/kernel", kernel.transpose(3, 2, 0, 1))],
        name,
        strides=_integers(node, "strides")[1:3],
        dilations=_integers(node, "dilations")[1:3],
        pads=list(x.padding),
    )
    return Picture(name, is_nhwc=True)


def _max_pool(conversion: Conversion, node: dict, x: Picture) -> Picture:
    """ONNX pools padded pixels as minus infinity, which is what the source pads with."""
    _require_padding(node, x, lambda fill: fill <= np.finfo(np.float16).min)
    conversion.emit(
        "MaxPool",
        [x.name],
        node["name"],
        kernel_shape=_integers(node, "ksize")[1:3],
        strides=_integers(node, "strides")[1:3],
        pads=list(x.padding),
    )
    return Picture(node["name"], is_nhwc=True)


def _add(conversion: Conversion, node: dict, x: Value, y: Value) -> Value:
    if isinstance(x, np.ndarray):
        return x + y  # a shape, known already
    if isinstance(y, np.ndarray):
        return _add_bias(conversion, node, x, y)
    if x.is_nhwc != y.is_nhwc:
        raise UnknownGraph(f"{node['name']}: adds pictures of two layouts")
    conversion.emit("Add", [x.name, y.name], node["name"])
    return Picture(node["name"], x.is_nhwc)


def _add_bias(conversion: Conversion, node: dict, x: Picture, bias: np.ndarray) -> Picture:
    convolution = conversion.convolutions.get(x.name)
    if convolution is None or len(convolution.input) > 2:
        raise UnknownGraph(f"{node['name']}: bias without a convolution before it")
    convolution.input.append(conversion.keep(f"{node['name']}/bias", bias.reshape(-1)))
    return x


def _leaky_relu(conversion: Conversion, node: dict, x: Picture) -> Picture:
    alpha = float(node["attr"]["alpha"]["f"])
    conversion.emit("LeakyRelu", [x.name], node["name"], alpha=alpha)
    return Picture(node["name"], x.is_nhwc)


def _sigmoid(conversion: Conversion, node: dict, x: Picture) -> Picture:
    conversion.emit("Sigmoid", [x.name], node["name"])
    return Picture(node["name"], x.is_nhwc)


def _concat(conversion: Conversion, node: dict, *inputs: Value) -> Picture:
    *pictures, axis = inputs
    if any(picture.is_nhwc for picture in pictures) or int(axis) != 1:
        raise UnknownGraph(f"{node['name']}: joins along axis {int(axis)}")
    conversion.emit("Concat", [picture.name for picture in pictures], node["name"], axis=1)
    return Picture(node["name"])


def _resize(conversion: Conversion, node: dict, x: Picture, size: np.ndarray) -> Picture:
    if not x.is_nhwc or not node["attr"]["half_pixel_centers"]["b"]:
        raise UnknownGraph(f"{node['name']}: resize of another kind")
    name = node["name"]
    # ONNX wants the whole shape; batch and channels come from the picture itself.
    conversion.emit("Shape", [x.name], f"{name}/batch_channels", start=0, end=2)
    height_width = conversion.keep(f"{name}/size", size.astype(np.int64))
    conversion.emit("Concat", [f"{name}/batch_channels", height_width], f"{name}/shape", axis=0)
    conversion.emit(
        "Resize",
        [x.name, "", "", f"{name}/shape"],
        name,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    return Picture(name, is_nhwc=True)


def _split(conversion: Conversion, node: dict, x: Picture, sizes: np.ndarray, axis: Any) -> Picture:
    if x.is_nhwc or int(axis) != 1:
        raise UnknownGraph(f"{node['name']}: splits along axis {int(axis)}")
    names = [node["name"]] + [f"{node['name']}:{i}" for i in range(1, len(sizes))]
    lengths = conversion.keep(f"{node['name']}/sizes", sizes.astype(np.int64))
    conversion.nodes.append(
        helper.make_node("Split", [x.name, lengths], names, name=names[0], axis=1)
    )
    conversion.values.update({name: Picture(name) for name in names})
    return Picture(names[0])


def _reshape(conversion: Conversion, node: dict, x: Picture, shape: np.ndarray) -> Picture:
    if x.is_nhwc:
        raise UnknownGraph(f"{node['name']}: reshape of an NHWC picture")
    target = conversion.keep(f"{node['name']}/shape", shape.astype(np.int64))
    conversion.emit("Reshape", [x.name, target], node["name"])
    return Picture(node["name"])


def _sparse_to_dense(_: Conversion, node: dict, *inputs: np.ndarray) -> np.ndarray:
    places, shape, _values, default = inputs
    if places.size:
        raise UnknownGraph(f"{node['name']}: only an empty sparse tensor is handled")
    return np.full(shape.tolist(), default)


def _identity(conversion: Conversion, node: dict, x: Picture) -> Picture:
    conversion.emit("Identity", [x.name], node["name"])
    return Picture(node["name"], x.is_nhwc)


RULES: dict[str, Callable[..., Value]] = {
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": _concat,
    "Conv2D": _convolution,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "Sigmoid": _sigmoid,
    "SparseToDense": _sparse_to_dense,
    "SplitV": _split,
    "Transpose": _transpose,
}
