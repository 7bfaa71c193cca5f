"""What a post is about: several themes, each with a probability, and whether to trust them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.text.language import OTHER, language_of
from models.text.reading import THEMES
from models.text.understanding import EVEN

ALARM_THEMES = frozenset({"panic", "threat", "hate"})


class Model(Protocol):
    """What gives each theme a calibrated probability, and the name of what was learnt."""

    version: str

    def themes(self, texts: list[str]) -> np.ndarray:
        """Probabilities, shape (texts, themes)."""
        ...


@dataclass(frozen=True)
class ThemeScores:
    """One text understood: a probability 0-1 per theme (they need not add up to 1).

    `theme` is the most probable one, None when none reaches even odds. Uncertain is a text of
    which a theme lies near even odds, or whose language was not measured. Alarming is one of which
    panic, threat or hate lies clearly above them.
    """

    probabilities: dict[str, float]
    theme: str | None
    language: str
    is_alarming: bool
    is_uncertain: bool


class ThemeScorer:
    """Scores texts by a model of the themes."""

    themes = THEMES
    alarm_themes = ALARM_THEMES

    def __init__(self, model: Model, margin: float) -> None:
        """Keep the model; a theme less than `margin` (0-1) away from even odds is uncertain."""
        self._model, self._margin = model, margin

    @property
    def version(self) -> str:
        """The model's: what `model_version` of a signal holds."""
        return self._model.version

    def score(self, texts: list[str]) -> list[ThemeScores]:
        """Scores of each text, in order."""
        if not texts:
            return []
        rows = self._model.themes([without_closing_hashtags(text) for text in texts])
        return [self._judged(text, row) for text, row in zip(texts, rows, strict=True)]

    def _judged(self, text: str, row: np.ndarray) -> ThemeScores:
        language = language_of(text)
        probabilities = {t: round(float(p), 4) for t, p in zip(THEMES, row, strict=True)}
        best = max(probabilities, key=lambda theme: probabilities[theme])
        return ThemeScores(
            probabilities,
            best if probabilities[best] >= EVEN else None,
            language,
            is_alarming=any(probabilities[theme] >= EVEN + self._margin for theme in ALARM_THEMES),
            is_uncertain=language == OTHER or bool((np.abs(row - EVEN) < self._margin).any()),
        )


def without_closing_hashtags(text: str) -> str:
    """The text less the run of hashtags at its end: they name a channel, not what happened."""
    words = text.split()
    while words and words[-1].startswith("#"):
        words.pop()
    return " ".join(words) or text
