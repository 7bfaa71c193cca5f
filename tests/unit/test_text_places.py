"""Places in text: written names only, however they are shortened."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.text.places import PlaceFinder, PlaceLink

GAZETTEER = {
    "piazza-fiera": ["piazza fiera", "piazza di fiera"],
    "piazza-santa-maria": ["piazza santa maria maggiore", "santa maria maggiore"],
    "via-roma": ["via roma"],
    "via-roma-vecchia": ["via roma vecchia"],
    "largo-carducci": ["largo carducci", "largo giosuè carducci"],
    "muse": ["muse"],
    "station": ["piazza della stazione"],
    "gardens": ["piazza della stazione", "i giardini"],
}
FINDER = PlaceFinder(GAZETTEER)


def found(text: str) -> dict[str, float]:
    return {link.place_id: link.confidence for link in FINDER.find(text)}


@pytest.mark.parametrize(
    "text",
    ["Piazza Fiera", "PIAZZA  FIERA!", "P.zza Fiera", "p.za Fiera", "pzza fiera", "P. Fiera",
     "piazza di Fiera", "(piazza Fiera)", "#PiazzaFiera", "piazza\nfiera"],
)  # fmt: skip
def test_ways_to_write_a_square(text: str) -> None:
    assert found(f"oggi {text} bello") == {"piazza-fiera": 1.0}


@pytest.mark.parametrize(
    "text",
    ["S. Maria Maggiore", "S.Maria Maggiore", "p.zza S. Maria Maggiore", "Sta. Maria Maggiore",
     "santa maria maggiore"],
)  # fmt: skip
def test_ways_to_write_a_saint(text: str) -> None:
    assert found(text) == {"piazza-santa-maria": 1.0}


@pytest.mark.parametrize(
    "text", ["L.go Carducci", "lgo carducci", "Largo Giosuè Carducci", "LARGO GIOSUE' CARDUCCI"]
)
def test_accents_and_abbreviations(text: str) -> None:
    assert found(text) == {"largo-carducci": 1.0}


@pytest.mark.parametrize(
    "text",
    ["via Romagnosi", "piazza Fieramosca", "musette", "viaroma2", "Roma", "in piazza", "", "v."],
)
def test_nothing_is_guessed(text: str) -> None:
    assert found(text) == {}


def test_the_longest_name_wins() -> None:
    assert found("in via Roma vecchia") == {"via-roma-vecchia": 1.0}
    assert found("in v. Roma, vecchia storia altrove") == {"via-roma": 1.0}
    assert found("in via Roma nuova") == {"via-roma": 1.0}


def test_an_ambiguous_name_is_left_open() -> None:
    assert found("in piazza della Stazione") == {"station": 0.5, "gardens": 0.5}


def test_a_clear_mention_beats_an_ambiguous_one() -> None:
    assert found("piazza della Stazione, dico i giardini") == {"gardens": 1.0}


def test_one_word_counts_less() -> None:
    assert found("al MUSE") == {"muse": 0.8}


def test_several_places_come_in_order_and_once() -> None:
    assert FINDER.find("via Roma, piazza Fiera, via Roma") == [
        PlaceLink("piazza-fiera", 1.0),
        PlaceLink("via-roma", 1.0),
    ]


@given(st.text(max_size=200))
def test_any_text_gives_known_places_with_a_confidence(text: str) -> None:
    for link in FINDER.find(text):
        assert link.place_id in GAZETTEER
        assert 0 < link.confidence <= 1


def test_the_citys_gazetteer_finds_each_place_by_each_of_its_names() -> None:
    path = Path(__file__).parents[2] / "infra/city/trento/gazetteer.yaml"
    gazetteer = yaml.safe_load(path.read_text("utf-8"))
    finder = PlaceFinder(gazetteer)
    assert len(gazetteer) >= 18
    for place_id, aliases in gazetteer.items():
        for alias in aliases:
            assert [link.place_id for link in finder.find(f"x {alias} x")] == [place_id], alias
