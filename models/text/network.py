"""The encoder's upper layers tuned to posts: low-rank changes of their weights, and linear heads.

The lower layers stay as they came, so their output is computed once for training. What is learnt is
small enough to be committed: per matrix of the tuned layers a product of two thin ones (LoRA, Hu et
al., arXiv 2106.09685), added to the matrix when the encoder is loaded.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

FIRST_TUNED, LAYERS = 4, 8  # layers 4 to 7 are tuned; those above are left out
RANK = 16


class LowRank(nn.Module):
    """A linear layer that stays as it is, plus a change of low rank that is learnt."""

    def __init__(self, frozen: nn.Linear, generator: torch.Generator) -> None:
        """Begin with no change: `out` is zero."""
        super().__init__()
        self.frozen = frozen
        thin = torch.randn(RANK, frozen.in_features, generator=generator)
        self.into = nn.Parameter(thin / frozen.in_features**0.5)
        self.out = nn.Parameter(torch.zeros(frozen.out_features, RANK))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return shape (..., out_features)."""
        return self.frozen(states) + (states @ self.into.T) @ self.out.T


def tuned_matrices(encoder: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """(name, parent, attribute) of each matrix that is tuned, in order."""
    for index, layer in enumerate(encoder.encoder.layer[FIRST_TUNED:LAYERS], FIRST_TUNED):
        for path in (
            *("attention.self.query", "attention.self.key", "attention.self.value"),
            *("attention.output.dense", "intermediate.dense", "output.dense"),
        ):
            parent, _, attribute = path.rpartition(".")
            yield f"{index}.{path}", layer.get_submodule(parent), attribute


def adapt(encoder: nn.Module, seed: int) -> dict[str, LowRank]:
    """Put a LowRank around each tuned matrix and freeze all else; return them by name."""
    generator = torch.Generator().manual_seed(seed)
    encoder.requires_grad_(False)
    adapters = {}
    for name, parent, attribute in tuned_matrices(encoder):
        adapters[name] = LowRank(getattr(parent, attribute), generator)
        setattr(parent, attribute, adapters[name])
    return adapters


def merge(encoder: nn.Module, learnt: Mapping[str, np.ndarray]) -> None:
    """Add what was learnt (`<name>.into`, `<name>.out`) to the encoder, and drop the layers above.

    Raises KeyError when a tuned matrix has no change in `learnt`.
    """
    with torch.no_grad():
        for name, parent, attribute in tuned_matrices(encoder):
            into, out = (torch.from_numpy(learnt[f"{name}.{part}"]) for part in ("into", "out"))
            getattr(parent, attribute).weight += out.float() @ into.float()
    encoder.encoder.layer = encoder.encoder.layer[:LAYERS]
    encoder.config.num_hidden_layers = LAYERS


def token_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens that `mask` (texts, tokens) names: shape (texts, hidden)."""
    weights = mask[..., None].to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)
