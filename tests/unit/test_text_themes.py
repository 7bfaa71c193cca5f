"""Themes: the arithmetic on a toy encoder, the floor of quality on the real one."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.text.encoder import Encoder
from models.text.themes import (
    SEEDS_PATH,
    ThemeScorer,
    labelled_seeds,
    without_closing_hashtags,
)

SAMPLE = Path(__file__).parents[2] / "infra/samples/posts.jsonl"
CELLS = [
    (-2, "18", "piazza-duomo", "panic"),
    (-6, "10", "piazza-fiera", "crowding"),
    (-5, "13", "stadio-briamasco", "threat"),
]
THEMES = {"crowding", "panic", "threat", "hate", "disorder", "rumour", "informative", "calm"}


class ToyEncoder:
    """A text's vector counts its letters a, b and c."""

    version = "toy"

    def embed(self, texts: list[str]) -> np.ndarray:
        rows = np.array(
            [[t.count(c) + 0.01 for c in "abc"] for t in texts], dtype=np.float32
        ).reshape(-1, 3)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def toy(tmp_path: Path) -> ThemeScorer:
    seeds = {
        "version": 3, "ridge": 0.1, "threshold": 0.4, "temperature": 0.06, "margin": 0.15,
        "alarm_themes": ["panic"],
        "themes": {"panic": {"seeds": ["aaaa", "aaab"]}, "crowding": {"seeds": ["bbbb", "bbba"]},
                   "calm": {"seeds": ["cccc"]}},
        "other": {"irony": ["cccca"]},
    }  # fmt: skip
    path = tmp_path / "themes.yaml"
    path.write_text(yaml.safe_dump(seeds))
    return ThemeScorer(ToyEncoder(), path)


def test_a_clear_text_has_one_theme_and_is_certain(toy: ThemeScorer) -> None:
    scores = toy.score(["aaaaa"])[0]
    assert (scores.theme, scores.is_alarming, scores.is_uncertain) == ("panic", True, False)
    assert scores.probabilities["panic"] > 0.9 > 0.1 > scores.probabilities["calm"]


def test_a_text_between_two_themes_is_uncertain(toy: ThemeScorer) -> None:
    assert toy.score(["ab"])[0].is_uncertain


def test_what_only_looks_like_a_theme_is_calm(toy: ThemeScorer) -> None:
    scores = toy.score(["cccca"])[0]
    assert (scores.theme, scores.is_alarming) == ("calm", False)


def test_scores_keep_their_order_and_name_their_version(toy: ThemeScorer) -> None:
    assert [s.theme for s in toy.score(["b", "c", "a"])] == ["crowding", "calm", "panic"]
    assert toy.score([]) == []
    assert toy.version == "toy+themes3"


def test_closing_hashtags_are_left_out_and_others_stay() -> None:
    assert without_closing_hashtags("in #piazza ora #trento #avvisi") == "in #piazza ora"
    assert without_closing_hashtags("#trento #aiuto") == "#trento #aiuto"


def test_seeds_are_text_distinct_and_not_taken_from_the_sample() -> None:
    seeds = yaml.safe_load(SEEDS_PATH.read_text("utf-8"))
    texts, labels = labelled_seeds(seeds)
    assert set(seeds["themes"]) == set(labels) == THEMES
    assert all(isinstance(text, str) for text in texts)
    assert len(set(texts)) == len(texts)
    assert all(len(entry["seeds"]) >= 10 for entry in seeds["themes"].values())
    sample = {json.loads(line)["text"] for line in SAMPLE.read_text("utf-8").splitlines()}
    assert not sample & set(texts)


# Phrases of each kind, written for this test; metaphor and quotation are where such models break.
BY_FUNCTION = [
    ("Uno sparo! La gente scappa e urla", "panic"),
    ("People are screaming and running out of the station", "panic"),
    ("Stasera ti veniamo a prendere e ti spacchiamo le ossa", "threat"),
    ("Quella gente fa schifo, cacciateli tutti dal paese", "hate"),
    ("Troppa gente al mercato, non si cammina più", "crowding"),
    ("Road closed from 10 to 16, use the ring road", "informative"),
]


@pytest.fixture(scope="module")
def scorer() -> ThemeScorer:
    return ThemeScorer(Encoder())


@pytest.mark.parametrize(("text", "theme"), BY_FUNCTION)
def test_plain_phrases_are_understood(scorer: ThemeScorer, text: str, theme: str) -> None:
    scores = scorer.score([text])[0]
    assert scores.theme == theme
    assert scores.probabilities[theme] >= 0.5


@pytest.mark.xfail(strict=True, reason="idioms of fear read as panic; the card says so")
def test_an_idiom_of_fear_raises_no_alarm(scorer: ThemeScorer) -> None:
    assert not scorer.score(["Ho paura di perdere il treno"])[0].is_alarming


@pytest.mark.parametrize(
    "text",
    ["Che gol, li abbiamo distrutti!", "Sto morendo dal ridere", "Concerto da paura ieri sera",
     "Nel film la folla scappa dal mostro", "No all'odio, qui siamo tutti benvenuti"],
)  # fmt: skip
def test_figures_of_speech_raise_no_alarm(scorer: ThemeScorer, text: str) -> None:
    assert not scorer.score([text])[0].is_alarming


def test_the_sample_keeps_its_measured_floor(scorer: ThemeScorer) -> None:
    """Alarms first: precision stays above 0.9 and the demo's three cells keep five authors."""
    posts = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    scores = scorer.score([post["text"] for post in posts])
    alarmed = [
        p["label_theme"] in scorer.alarm_themes
        for p, s in zip(posts, scores, strict=True)
        if s.is_alarming
    ]
    assert sum(alarmed) / len(alarmed) >= 0.9
    for cell in CELLS:
        authors = {
            p["author"]
            for p, s in zip(posts, scores, strict=True)
            if (p["day"], p["time"][:2], p["label_place"]) == cell[:3]
            and s.probabilities[cell[3]] >= 0.5
        }
        assert len(authors) >= 5, cell
