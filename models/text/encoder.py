"""Sentence vectors of short multilingual texts on CPU, by a transformers checkpoint."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.register import weights_file

if TYPE_CHECKING:
    import torch

    from models.text.graph import Layers

CHECKPOINT = "e5-small"
# Cost grows with length and a theme shows early: 96 tokens are about 70 words.
LONGEST_TOKENS = 96
# Texts of like length go together, so that little is computed on padding.
BATCH = 32
# As they come from a source, or in brackets where they were cut out before.
LINK = re.compile(r"\b(?:https?://|www\.)\S+|\[link[^\]]*\]", re.IGNORECASE)
HANDLE = re.compile(r"(?<!\w)@\w[\w.-]*(?:@[\w.-]+\w)?|\[(?:mention|author)\]")


class WeightsMissing(FileNotFoundError):
    """The encoder's weights are not where the register says."""


class BadRevision(ValueError):
    """A model of a hub was asked for without the commit that pins it."""


class Encoder:
    """A BERT-like encoder; a text's vector is the mean of its tokens' last states.

    One that reads with what was learnt computes its layers by ONNX Runtime (graph.py); one that is
    to learn stays torch's.

    A thread of this process reads a batch at a time, and torch gets one thread for each: with more,
    OpenMP's waiting made a loaded machine slower than one did.
    """

    def __init__(
        self,
        source: Path | str | None = None,
        revision: str | None = None,
        learnt: Mapping[str, np.ndarray] | None = None,
        workers: int = 1,
    ) -> None:
        """Load the checkpoint folder `source` (None: the registered one) and add what was `learnt`.

        `source` may name a model of a hub, fetched at set-up, with the commit as `revision`.
        Raises WeightsMissing when it is not there, BadRevision without a full commit hash.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(1)
        source = source or weights_file(CHECKPOINT).parent
        where = located(source, revision)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(**where)
            self._model = AutoModel.from_pretrained(**where, dtype=torch.float32).eval()
        except OSError as error:
            raise WeightsMissing(f"encoder {Path(source).name} not found; run `make up`") from error
        self._layers: Layers | None = None
        if learnt is not None:
            from models.text.graph import compiled
            from models.text.network import merge

            merge(self._model, learnt)
            self._layers = compiled(self._model.encoder.layer, self._model.config.hidden_size)
            del self._model.encoder  # its weights are in the graph now
        self._workers = workers

    @property
    def network(self) -> "torch.nn.Module":
        """The loaded model, for training: whole unless it reads with what was learnt."""
        return self._model

    def embed(self, texts: list[str]) -> np.ndarray:
        """Vectors, float32 of shape (len(texts), hidden), in the order of the texts."""
        from models.text.network import token_mean

        rows = np.zeros((len(texts), self._model.config.hidden_size), np.float32)

        def fill(places: np.ndarray, states: "torch.Tensor", mask: "torch.Tensor") -> None:
            rows[places] = token_mean(states, mask).numpy()

        self.each_batch(texts, fill)
        return rows

    def each_batch(self, texts: list[str], use: Callable[..., None]) -> None:
        """Call use(places, last states, mask) for batches of texts of like length."""
        import torch

        tokens = self.tokens(texts)

        def run(places: np.ndarray) -> None:
            with torch.inference_mode():
                ids, mask = padded([tokens[place] for place in places])
                use(places, self._last_states(ids, mask), mask)

        with ThreadPoolExecutor(self._workers) as pool:
            list(pool.map(run, batches([len(ids) for ids in tokens])))

    def _last_states(self, ids: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
        if self._layers:
            return self._layers(self._model.embeddings(ids), mask)
        return self._model(input_ids=ids, attention_mask=mask).last_hidden_state

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, as prepared, at most LONGEST_TOKENS."""
        if not texts:
            return []
        prepared = [prepare(text) for text in texts]
        return self._tokenizer(prepared, truncation=True, max_length=LONGEST_TOKENS)["input_ids"]


def located(source: Path | str, revision: str | None) -> dict:
    """Arguments that find a checkpoint without a network: a folder, or a hub's name and commit."""
    if Path(source).is_dir():
        return {"pretrained_model_name_or_path": str(source), "local_files_only": True}
    if isinstance(source, Path):
        raise WeightsMissing(f"encoder {source.name} not found; run `make up`")
    if not re.fullmatch(r"[0-9a-f]{40}", revision or ""):
        raise BadRevision(f"{source}: name the commit as 40 hexadecimal digits, not {revision!r}")
    return {
        "pretrained_model_name_or_path": source,
        "revision": revision,
        "local_files_only": True,
    }


def batches(lengths: list[int]) -> Iterator[np.ndarray]:
    """Places of texts, BATCH at a time, shortest first."""
    order = np.argsort(lengths, kind="stable")
    return (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def padded(tokens: list[list[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Ids and mask, shape (texts, longest); 1 is the padding of XLM-R's vocabulary."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(row) for row in tokens], batch_first=True, padding_value=1)
    lengths = torch.tensor([len(row) for row in tokens])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def prepare(text: str) -> str:
    """The text as the encoder reads it: composed, one line, links and handles as bare tokens."""
    plain = html.unescape(html.unescape(unicodedata.normalize("NFC", text.replace("\x00", " "))))
    plain = HANDLE.sub(" @user ", LINK.sub(" http ", plain))
    return " ".join(plain.replace("#", " ").split())
