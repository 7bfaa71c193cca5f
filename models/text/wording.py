"""A post read by its very words: hashed n-grams, a linear layer. It is weighed with the network.

Tone hangs on slang, which a network of sentence pieces smooths over; words and their parts do not.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from models.text.encoder import prepare

BUCKETS = 1 << 15
PART_LENGTHS = (3, 4, 5)


def grams(text: str) -> Iterator[str]:
    """Words, pairs of neighbours, and parts of words with their ends marked."""
    words = re.findall(r"\w+|[^\w\s]", prepare(text).lower())
    yield from words
    yield from (f"{a} {b}" for a, b in pairwise(words))
    for word in words:
        marked = f"<{word}>"
        for length in PART_LENGTHS:
            starts = range(len(marked) - length + 1)
            yield from (f"c{marked[start : start + length]}" for start in starts)


def hashed(texts: Sequence[str]) -> sparse.csr_matrix:
    """Which of the BUCKETS each text fills, shape (texts, BUCKETS), 0 or 1."""
    filled = [sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in grams(t)}) for t in texts]
    columns = np.array([bucket for row in filled for bucket in row], int)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in filled])]).astype(int)
    return sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, starts), shape=(len(texts), BUCKETS)
    )


def weighed(filled: sparse.csr_matrix, rarity: np.ndarray) -> sparse.csr_matrix:
    """Rows weighed by the rarity of each bucket, brought to length 1."""
    rows = filled.multiply(rarity).tocsr()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.diags(1 / np.maximum(length, 1e-9)) @ rows


def wording_logits(texts: Sequence[str], learnt: Mapping[str, np.ndarray]) -> np.ndarray:
    """Scores of the tones, shape (texts, tones)."""
    rows = weighed(hashed(texts), learnt["tone_rarity"].astype(np.float32))
    return rows @ learnt["tone_weights"].astype(np.float32) + learnt["tone_offsets"]
