"""The encoder: unit vectors of one shape, the same for the same text."""

from pathlib import Path

import numpy as np
import pytest

from models.text.encoder import DIMENSIONS, LONGEST_WORDS, Encoder, WeightsMissing, prepare


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_shape_type_and_length(encoder: Encoder, count: int) -> None:
    rows = encoder.embed([f"testo numero {n}" for n in range(count)])
    assert rows.shape == (count, DIMENSIONS)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)


def test_a_text_has_the_same_vector_alone_and_in_company(encoder: Encoder) -> None:
    alone = encoder.embed(["tutti scappano"])[0]
    assert np.allclose(alone, encoder.embed(["bel sole", "tutti scappano", ""])[1], atol=1e-5)


def test_translations_are_nearer_than_strangers(encoder: Encoder) -> None:
    panic, fuga, cake = encoder.embed(
        ["everybody is running away", "tutti stanno scappando", "ricetta della torta di mele"]
    )
    assert panic @ fuga > panic @ cake


def test_what_follows_a_nul_is_read(encoder: Encoder) -> None:
    cut_short, whole = encoder.embed(["fuoco", "fuoco\x00 d'artificio bellissimo"])
    assert not np.allclose(cut_short, whole, atol=1e-3)


def test_preparing_composes_flattens_and_shortens() -> None:
    assert prepare("perche\u0301\n  #no ") == "perché no"
    assert len(prepare("parola " * 500).split()) == LONGEST_WORDS


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"absent\.bin not found; run"):
        Encoder(tmp_path / "absent.bin")
