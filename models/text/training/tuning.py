"""Tune the upper layers and the heads on examples, several tasks at once."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from models.text.encoder import Encoder
from models.text.network import FIRST_TUNED, LAYERS, adapt, token_mean
from models.text.reading import THEMES
from models.text.training.examples import OURS, Example
from models.text.understanding import INFORMS, OUTPUTS

EPOCHS, BATCH = 2, 32
RATE_ADAPTERS, RATE_HEADS, DECAY = 1e-3, 2e-3, 0.01
WARM_UP_SHARE = 0.1
# Our own posts are few and the only ones that show every theme: seen so many times an epoch.
OWN_REPEATS = 8


@dataclass(frozen=True)
class Learnt:
    """Adapter matrices by name, and heads: weights (hidden, outputs) and offsets (outputs,)."""

    adapters: dict[str, np.ndarray]
    weights: np.ndarray
    offsets: np.ndarray


class LowerStates:
    """What the layers below the tuned ones say of each text, computed once (half precision)."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        """Run the untuned lower layers over all texts."""
        network = encoder.network
        upper = network.encoder.layer[FIRST_TUNED:]
        network.encoder.layer = network.encoder.layer[:FIRST_TUNED]
        self._states: list[torch.Tensor] = [torch.empty(0)] * len(texts)
        encoder.each_batch(list(texts), self._keep)
        network.encoder.layer.extend(upper)

    def _keep(self, places: np.ndarray, states: torch.Tensor, mask: torch.Tensor) -> None:
        for place, row, length in zip(places, states, mask.sum(1), strict=True):
            self._states[place] = row[: int(length)].half()

    def batch(self, places: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Padded states (texts, longest, hidden) and mask (texts, longest)."""
        rows = [self._states[place].float() for place in places]
        states = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        return states, torch.arange(states.shape[1]) < lengths[:, None]

    def length(self, place: int) -> int:
        """Tokens of a text."""
        return len(self._states[place])


def tune(
    make_encoder: Callable[[], Encoder],
    states: LowerStates,
    examples: Sequence[Example],
    places: Sequence[int],
    seed: int,
) -> tuple[Learnt, Callable[[Sequence[int]], np.ndarray]]:
    """Learn from the examples at `places`; also return what gives logits (n, OUTPUTS) of places."""
    torch.manual_seed(seed)
    network = make_encoder().network
    adapters = adapt(network, seed)
    layers = network.encoder.layer[FIRST_TUNED:LAYERS].train()
    head = torch.nn.Linear(network.config.hidden_size, OUTPUTS)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)

    def logits(batch: Sequence[int]) -> torch.Tensor:
        hidden, mask = states.batch(batch)
        for layer in layers:
            hidden = layer(hidden, mask[:, None, None, :])
        return head(scaled(token_mean(hidden, mask)))

    learnt = [p for adapter in adapters.values() for p in (adapter.into, adapter.out)]
    _descend(logits, learnt, list(head.parameters()), examples, places, states, seed)
    layers.eval()

    def predict(asked: Sequence[int]) -> np.ndarray:
        with torch.inference_mode():
            parts = [logits(asked[i : i + 64]) for i in range(0, len(asked), 64)]
        return torch.cat(parts).numpy()

    return _taken(adapters, head), predict


def scaled(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors with mean 0 and deviation 1 over their dimensions: what the heads read."""
    return functional.layer_norm(vectors, vectors.shape[-1:])


def _taken(adapters: dict, head: torch.nn.Linear) -> Learnt:
    arrays = {
        f"{name}.{part}": getattr(adapter, part).detach().half().numpy()
        for name, adapter in adapters.items()
        for part in ("into", "out")
    }
    return Learnt(arrays, head.weight.detach().numpy().T.copy(), head.bias.detach().numpy().copy())


def _descend(logits, adapters, heads, examples, places, states, seed) -> None:
    groups = [{"params": adapters, "lr": RATE_ADAPTERS}, {"params": heads, "lr": RATE_HEADS}]
    optimiser = torch.optim.AdamW(groups, weight_decay=DECAY)
    order = np.random.default_rng(seed)
    rounds = [b for _ in range(EPOCHS) for b in _batches(examples, places, states, order)]
    warm_up = max(1, int(WARM_UP_SHARE * len(rounds)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / warm_up, (len(rounds) - step) / (len(rounds) - warm_up)),
    )
    for number, batch in enumerate(rounds):
        loss = _loss(logits(batch), [examples[place] for place in batch])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(adapters + heads, 1.0)
        optimiser.step()
        schedule.step()
        if number % 50 == 0:
            print(f"step {number} of {len(rounds)}: {loss:.3f}", file=sys.stderr, flush=True)


def _batches(
    examples: Sequence[Example],
    places: Sequence[int],
    states: LowerStates,
    order: np.random.Generator,
) -> list[list[int]]:
    """Shuffled batches of texts of like length."""
    seen = [p for p in places for _ in range(OWN_REPEATS if examples[p].source in OURS else 1)]
    noisy = np.array([states.length(p) for p in seen]) * order.uniform(0.8, 1.25, len(seen))
    ranked = np.array(seen)[np.argsort(noisy)]
    cut = [ranked[i : i + BATCH].tolist() for i in range(0, len(ranked), BATCH)]
    return [cut[i] for i in order.permutation(len(cut))]


def _loss(logits: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """Cross-entropies of the themes that are known, of the tone, and of what informs."""
    known = torch.tensor([[t in e.themes for t in THEMES] for e in examples])
    wanted = torch.tensor([[e.themes.get(t, 0.0) for t in THEMES] for e in examples])
    themes = functional.binary_cross_entropy_with_logits(
        logits[:, : len(THEMES)], wanted, reduction="none"
    )
    total = (themes * known).sum() / max(1, known.any(1).sum())
    tones = torch.tensor([-1 if e.tone is None else e.tone for e in examples])
    if (tones >= 0).any():
        said = logits[:, len(THEMES) : INFORMS]
        total = total + functional.cross_entropy(said, tones, ignore_index=-1)
    judged = [row for row, e in enumerate(examples) if e.informs is not None]
    if judged:
        informs = torch.tensor([float(examples[row].informs) for row in judged])
        said = logits[judged, INFORMS]
        total = total + functional.binary_cross_entropy_with_logits(said, informs)
    return total
