"""Themes: what is made of probabilities, the labels of our own posts, the floor of quality."""

import json
from collections import Counter
from operator import and_
from pathlib import Path

import numpy as np
import pytest

from models.text.reading import THEMES
from models.text.themes import ThemeScorer, without_closing_hashtags
from models.text.training.examples import BadExamples, own_posts
from models.text.understanding import MARGIN, Understanding

SAMPLE = Path(__file__).parents[2] / "infra/samples/posts.jsonl"
CELLS = [
    (-2, "18", "piazza-duomo", "panic"),
    (-6, "10", "piazza-fiera", "crowding"),
    (-5, "13", "stadio-briamasco", "threat"),
]
ITALIAN = "Questo è un testo in italiano, senza dubbio"


class ToyModel:
    """Gives every text the probabilities it was made with."""

    version = "toy"

    def __init__(self, **probabilities: float) -> None:
        self.row = np.array([probabilities.get(theme, 0.01) for theme in THEMES])

    def themes(self, texts: list[str]) -> np.ndarray:
        return np.tile(self.row, (len(texts), 1))


def scored(text: str = ITALIAN, **probabilities: float):
    return ThemeScorer(ToyModel(**probabilities), MARGIN).score([text])[0]


def test_a_clear_text_has_one_theme_and_is_certain() -> None:
    scores = scored(panic=0.95)
    assert (scores.theme, scores.is_alarming, scores.is_uncertain) == ("panic", True, False)
    assert scores.probabilities.keys() == set(THEMES)


def test_two_themes_at_once_are_no_doubt() -> None:
    scores = scored(panic=0.9, informative=0.97)
    assert (scores.theme, scores.is_alarming, scores.is_uncertain) == ("informative", True, False)


@pytest.mark.parametrize(
    ("probability", "is_uncertain"), [(0.34, False), (0.36, True), (0.64, True)]
)
def test_near_even_odds_a_person_looks(probability: float, is_uncertain: bool) -> None:
    assert scored(calm=0.9, hate=probability).is_uncertain is is_uncertain


def test_no_theme_is_an_answer() -> None:
    scores = scored()
    assert (scores.theme, scores.is_alarming, scores.is_uncertain) == (None, False, False)


def test_a_language_that_was_not_measured_is_counted_and_not_guessed() -> None:
    scores = scored("El mercado está abierto hasta las dos de la tarde", calm=0.95)
    assert (scores.language, scores.is_uncertain) == ("other", True)


def test_nothing_to_score() -> None:
    assert ThemeScorer(ToyModel(), MARGIN).score([]) == []


def test_closing_hashtags_are_left_out_and_others_stay() -> None:
    assert without_closing_hashtags("in #piazza ora #trento #avvisi") == "in #piazza ora"
    assert without_closing_hashtags("#trento #aiuto") == "#trento #aiuto"


def test_own_posts_are_distinct_balanced_and_not_taken_from_the_sample() -> None:
    posts = own_posts()
    texts = {post.text for post in posts}
    assert len(texts) == len(posts) >= 1200
    themes = Counter(theme for post in posts for theme, holds in post.themes.items() if holds)
    assert set(themes) == set(THEMES)
    assert min(themes.values()) >= 60
    assert Counter(post.language for post in posts)["it"] >= 700
    sample = {json.loads(line)["text"] for line in SAMPLE.read_text("utf-8").splitlines()}
    assert not sample & texts


@pytest.mark.parametrize(
    "line",
    ['{"text": "x", "themes": ["panik"]}', '{"text": "x"}', "no json", '{"themes": []}', "[]"],
)
def test_a_post_that_cannot_be_used_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text('{"text": "bene", "themes": ["calm"]}\n' + line + "\n")
    with pytest.raises(BadExamples, match=r"more\.jsonl, line 2"):
        own_posts(path, "correction")


# Phrases of each kind, written for this test; metaphor and quotation are where such models break.
BY_FUNCTION = [
    ("Uno sparo! La gente scappa e urla", "panic"),
    ("People are screaming and running out of the station", "panic"),
    ("Stasera ti veniamo a prendere e ti spacchiamo le ossa", "threat"),
    ("Gli stranieri fanno schifo, cacciateli tutti dal paese", "hate"),
    ("Troppa gente al mercato, non si cammina più", "crowding"),
    ("Road closed by a landslide, use the ring road", "informative"),
]


@pytest.fixture(scope="module")
def scorer() -> ThemeScorer:
    return ThemeScorer(Understanding(), MARGIN)


@pytest.mark.parametrize(("text", "theme"), BY_FUNCTION)
def test_plain_phrases_are_understood(scorer: ThemeScorer, text: str, theme: str) -> None:
    scores = scorer.score([text])[0]
    assert scores.theme == theme
    assert scores.probabilities[theme] >= 0.5


def test_hate_against_a_group_that_is_only_hinted_at(scorer: ThemeScorer) -> None:
    scores = scorer.score(["Quella gente fa schifo, cacciateli tutti dal paese"])[0]
    assert scores.probabilities["hate"] >= 0.5


@pytest.mark.parametrize(
    "text",
    ["Che gol, li abbiamo distrutti!", "Sto morendo dal ridere", "Concerto da paura ieri sera",
     "Nel film la folla scappa dal mostro", "No all'odio, qui siamo tutti benvenuti",
     "Ho paura di perdere il treno"],
)  # fmt: skip
def test_figures_of_speech_raise_no_alarm(scorer: ThemeScorer, text: str) -> None:
    assert not scorer.score([text])[0].is_alarming


def test_the_sample_keeps_its_measured_floor(scorer: ThemeScorer) -> None:
    """Sure alarms are right and found, and the demo's three cells keep five authors."""
    posts = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    scores = scorer.score([post["text"] for post in posts])
    said = [s.is_alarming for s in scores]
    true = [p["label_theme"] in scorer.alarm_themes for p in posts]
    right = sum(map(and_, said, true))
    assert right / sum(said) >= 0.88
    assert right / sum(true) >= 0.83
    for cell in CELLS:
        authors = {
            p["author"]
            for p, s in zip(posts, scores, strict=True)
            if (p["day"], p["time"][:2], p["label_place"]) == cell[:3]
            and s.probabilities[cell[3]] >= 0.5
        }
        assert len(authors) >= 5, cell
