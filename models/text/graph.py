"""The encoder's layers as a graph of ONNX Runtime: what they compute in torch, in less time."""

import io
import warnings
from collections.abc import Callable

import onnxruntime
import torch
from torch import nn

Layers = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
OPSET = 20


class _Chain(nn.Module):
    """Layers one after the other; `mask` (texts, tokens) is true where a token is."""

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            states = layer(states, mask[:, None, None, :])
        return states


def compiled(layers: nn.ModuleList, hidden: int) -> Layers:
    """Return what gives the last states (texts, tokens, hidden) of states and mask.

    May be called by several threads at once; each computes in its own.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    graph = _exported(layers, hidden)
    session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])

    def run(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        (found,) = session.run(None, {"states": states.numpy(), "mask": mask.bool().numpy()})
        return torch.from_numpy(found)

    return run


def _exported(layers: nn.ModuleList, hidden: int) -> bytes:
    file, sizes = io.BytesIO(), {0: "texts", 1: "tokens"}
    mask = torch.ones(2, 16, dtype=torch.bool)
    mask[1, 9:] = False  # or the exporter takes every mask for full
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is the old one
        torch.onnx.export(
            _Chain(layers).eval(),
            (torch.zeros(2, 16, hidden), mask),
            file,
            dynamo=False,  # the new one needs a further package
            opset_version=OPSET,
            input_names=["states", "mask"],
            output_names=["last"],
            dynamic_axes=dict.fromkeys(("states", "mask", "last"), sizes),
        )
    return file.getvalue()
