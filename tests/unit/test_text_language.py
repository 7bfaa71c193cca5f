"""Language of short posts."""

import pytest

from models.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Oggi in piazza c'è il mercato e fa freddo", "it"),
        ("The market is open until two in the afternoon", "en"),
        ("Der Markt ist heute bis zwei Uhr geöffnet", "de"),
        ("El mercado está abierto hasta las dos", "other"),
        ("Le marché est ouvert jusqu'à deux heures", "other"),
        ("ok", "other"),
        ("🎉 12:30", "other"),
        ("", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
