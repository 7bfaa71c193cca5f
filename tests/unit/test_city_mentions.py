"""Which posts of a whole network are of this city: whole words, in any case, and no empty ones."""

from types import SimpleNamespace

import pytest

from precrisis.posts.city_mentions import mentions

CITY = SimpleNamespace(name="Trento", also_called=["Trient"])


def says(text: str, phrases: tuple = (), hashtags: tuple = ()) -> bool:
    source = SimpleNamespace(phrases=list(phrases), hashtags=list(hashtags))
    return mentions(CITY, source)(text)


@pytest.mark.parametrize(
    "text",
    ["Trento", "a TRENTO!", "#trento", "(Trient)", "in\nTrento,", "\uff34rento", "Trento's square"],
)
def test_the_city_s_names_count_whole_and_in_any_case(text):
    assert says(text)


@pytest.mark.parametrize("text", ["Trenton", "trentotto", "", "piazza Duomo", "T rento"])
def test_no_other_word_does(text):
    assert not says(text)


@pytest.mark.parametrize(
    ("phrases", "hashtags", "text"),
    [(("piazza Fiera",), (), "folla in PIAZZA   fiera"), ((), ("#muse",), "al Muse stasera"),
     ((), ("muse",), "#MUSE"), (("c++ (x)",), (), "il c++ (x) qui")],
)  # fmt: skip
def test_phrases_and_hashtags_of_the_source_count_too(phrases, hashtags, text):
    assert says(text, phrases, hashtags)
    assert not says(text)


@pytest.mark.parametrize("empty", ["", "#", "  ", "\u200b"])
def test_an_empty_phrase_is_not_in_every_post(empty):
    assert not says("buongiorno a tutti", (empty,), (empty,))
