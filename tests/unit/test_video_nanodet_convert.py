"""The converter refuses what it does not know; what it writes equals the source's arithmetic."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from models.video.nanodet_convert import convert, read_weights
from models.video.nanodet_rules import UnknownGraph
from models.video.nanodet_size import without_fixed_size

VALID = {"padding": {"s": "VkFMSUQ="}}
UNIT = {"list": {"i": ["1", "1", "1", "1"]}}
KERNEL = np.arange(18, dtype=np.float16).reshape(3, 3, 1, 2) / 8
BIAS = np.array([0.5, -1.0], dtype=np.float16)


def constant(name, array):
    array = np.asarray(array)
    entry = {"name": name, "shape": list(array.shape), "dtype": "int32"}
    if array.dtype == np.float16:
        entry |= {"dtype": "float32", "quantization": {"dtype": "float16"}}
        return entry, array.tobytes()
    return entry, array.astype("<i4").tobytes()


def tensor(name, *shape):
    sizes = [{"size": str(size)} for size in shape]
    return {"name": name, "tensorShape": {"dim": sizes}}


@pytest.fixture
def graph(tmp_path):
    """Pad, convolution with bias, and a transpose back: the pattern the source repeats."""

    def write(operation="Conv2D", padding=((0, 0), (0, 0), (1, 1), (1, 1))):
        pairs = [
            constant("kernel", KERNEL),
            constant("bias", BIAS),
            constant("padding", np.array(padding)),
            constant("to_nhwc", [0, 2, 3, 1]),
            constant("to_nchw", [0, 3, 1, 2]),
        ]
        nodes = [
            {"name": "input_1", "op": "Placeholder"},
            {"name": "pad", "op": "Pad", "input": ["input_1", "padding"]},
            {"name": "t1", "op": "Transpose", "input": ["pad", "to_nhwc"]},
            {
                "name": "conv",
                "op": operation,
                "input": ["t1", "kernel"],
                "attr": {**VALID, "strides": UNIT, "dilations": UNIT},
            },
            {"name": "add", "op": "Add", "input": ["conv", "bias"]},
            {"name": "t2", "op": "Transpose", "input": ["add", "to_nchw"]},
            {"name": "out", "op": "Identity", "input": ["t2"]},
        ]
        source = {
            "modelTopology": {"node": nodes},
            "weightsManifest": [{"paths": ["nanodet.bin"], "weights": [e for e, _ in pairs]}],
            "signature": {
                "inputs": {"i": tensor("input_1:0", 1, 1, 4, 5)},
                "outputs": {"o": tensor("out:0", 1, 2, 4, 5)},
            },
        }
        (tmp_path / "nanodet.json").write_text(json.dumps(source))
        (tmp_path / "nanodet.bin").write_bytes(b"".join(content for _, content in pairs))
        return tmp_path

    return write


def convolved(picture):
    """The same sum, written out."""
    padded = np.pad(picture[0, 0], 1)
    return np.array(
        [
            [
                [
                    (padded[y : y + 3, x : x + 3] * KERNEL[:, :, 0, k]).sum() + BIAS[k]
                    for x in range(5)
                ]
                for y in range(4)
            ]
            for k in range(2)
        ]
    )


def test_result_equals_the_sum_written_out(graph, tmp_path):
    convert(graph(), tmp_path / "a.onnx")
    picture = np.random.default_rng(1).random((1, 1, 4, 5), dtype=np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    (result,) = session.run(None, {"input_1": picture})
    np.testing.assert_allclose(result[0], convolved(picture), rtol=1e-5)


def test_same_source_gives_same_bytes(graph, tmp_path):
    convert(graph(), tmp_path / "a.onnx")
    convert(graph(), tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"operation": "Conv3D"}, r"conv \(Conv3D\)"),
        ({"operation": "Sigmoid"}, "conv"),
        ({"padding": ((0, 0), (1, 1), (0, 0), (0, 0))}, "pad: pads batch or channels"),
    ],
)
def test_unknown_graph_is_refused_by_node(graph, tmp_path, change, named):
    with pytest.raises(UnknownGraph, match=named):
        convert(graph(**change), tmp_path / "a.onnx")


def test_half_precision_weights_come_out_exact(graph):
    directory = graph()
    manifest = json.loads((directory / "nanodet.json").read_text())["weightsManifest"]
    kernel = read_weights(manifest, directory)["kernel"]
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel, KERNEL)


def test_weights_file_of_another_length_is_refused(graph):
    directory = graph()
    manifest = json.loads((directory / "nanodet.json").read_text())["weightsManifest"]
    with (directory / "nanodet.bin").open("ab") as content:
        content.write(b"more")
    with pytest.raises(UnknownGraph, match="bytes"):
        read_weights(manifest, directory)


def sized_graph() -> onnx.ModelProto:
    """4 x 6 px: doubled, halved, flattened; sizes written out, as the source has them."""
    nodes = [
        onnx.helper.make_node("Resize", ["input_1", "", "", "large"], ["up"], name="up"),
        onnx.helper.make_node("Resize", ["up", "", "", "small"], ["down"], name="down"),
        onnx.helper.make_node("Reshape", ["down", "flat"], ["out"], name="reshape"),
    ]
    constants = {"large": [1, 1, 8, 12], "small": [1, 1, 4, 6], "flat": [1, 1, 24]}
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes,
            "sized",
            [onnx.helper.make_tensor_value_info("input_1", 1, [1, 1, 4, 6])],
            [onnx.helper.make_tensor_value_info("out", 1, [1, 1, 24])],
            [onnx.numpy_helper.from_array(np.array(v), k) for k, v in constants.items()],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )


def test_freed_network_takes_other_sizes_and_gives_the_same_at_its_own():
    fixed, freed = sized_graph(), without_fixed_size(sized_graph())
    run = {
        name: onnxruntime.InferenceSession(model.SerializeToString())
        for name, model in (("fixed", fixed), ("freed", freed))
    }
    own = np.random.default_rng(2).random((1, 1, 4, 6), dtype=np.float32)
    other = np.ones((1, 1, 6, 10), np.float32)
    (expected,) = run["fixed"].run(None, {"input_1": own})
    (result,) = run["freed"].run(None, {"input_1": own})
    np.testing.assert_array_equal(result, expected)
    assert run["freed"].run(None, {"input_1": other})[0].shape == (1, 1, 60)


def test_resize_by_another_factor_is_refused():
    model = sized_graph()
    large = model.graph.initializer[0]
    large.CopyFrom(onnx.numpy_helper.from_array(np.array([1, 1, 12, 18]), "large"))
    with pytest.raises(UnknownGraph, match="up: resizes"):
        without_fixed_size(model)
