"""Which language a text is in, among those the themes are measured for."""

from functools import lru_cache
from typing import Any

KNOWN = ("it", "en", "de")
# Told apart so that they are not taken for Italian, but not measured: they become 'other'.
NEIGHBOURS = ("fr", "es")
OTHER = "other"
# Below this many letters any answer is a guess.
FEWEST_LETTERS = 8


def language_of(text: str) -> str:
    """'it', 'en', 'de', or 'other' (another language, or too short to tell)."""
    if sum(character.isalpha() for character in text) < FEWEST_LETTERS:
        return OTHER
    language, _ = _identifier().classify(text)
    return language if language in KNOWN else OTHER


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([*KNOWN, *NEIGHBOURS])
    return identifier
