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


TRENTO = PlaceFinder(GAZETTEER, ["Trento"])


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("via Roma a Trento", 1.0),
        ("via Roma", 1.0),
        ("via Roma a Torino", None),
        ("in via roma a torino", None),
        ("VIA ROMA A TORINO CHIUSA", None),
        ("VIA ROMA A FUOCO", 1.0),
        ("Torino, via Roma", None),
        ("#Torino via Roma chiusa", None),
        ("in via Roma a Castelvecchio", None),
        ("via Roma a Natale è bella", 1.0),
        ("A Torino piove. Qui via Roma è asciutta", 0.5),
        ("treno da Torino, poi via Roma", 1.0),
        ("via Torino angolo via Roma", 1.0),
        ("partita col Torino: chiusa via Roma", 1.0),
        ("via Roma, prato bagnato", 1.0),
    ],
)
def test_another_town_cancels_or_lowers(text: str, confidence: float | None) -> None:
    links = {link.place_id: link.confidence for link in TRENTO.find(text)}
    assert links == ({"via-roma": confidence} if confidence else {})


def test_a_city_known_by_another_name_is_no_other_town() -> None:
    text = "Torino, via Roma"
    assert PlaceFinder(GAZETTEER, ["Rivermouth"]).find(text) == []
    assert PlaceFinder(GAZETTEER, ["Rivermouth", "Torino"]).find(text) == [
        PlaceLink("via-roma", 1.0)
    ]


def test_without_the_citys_name_no_town_is_another() -> None:
    assert found("via Roma a Torino") == {"via-roma": 1.0}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("largo Carduci", "largo-carducci"),
        ("largo Cardducci", "largo-carducci"),
        ("piazzza Fiera", "piazza-fiera"),
        ("largo Carudcci", "largo-carducci"),
        ("p.zza S. Maria Magiore", "piazza-santa-maria"),
        ("largo Carduccio e Pia", "largo-carducci"),
        ("largo Martucci", None),
        ("piazzale Fiera", None),
        ("piazza Fera", None),
        ("via Rosa", None),
    ],
)
def test_one_slip_is_seen_through_where_it_is_safe(text: str, place: str | None) -> None:
    assert found(text) == ({place: 0.75} if place else {})


@pytest.mark.parametrize(
    ("text", "confidence"),
    [("al muse", 0.8), ("il Muse", 0.8), ("#muse", 0.8), ("le muse del poeta", 0.4), ("muse", 0.4)],
)
def test_a_bare_word_needs_a_sign_that_it_is_a_place(text: str, confidence: float) -> None:
    assert found(f"ieri {text}") == {"muse": confidence}


@pytest.mark.parametrize(
    "text", ["L.go G. Carducci", "largo Giosuè Carducci", "Largo Giacomo Carducci", "l.go Carducci"]
)
def test_a_first_name_more_or_less(text: str) -> None:
    links = found(text)
    assert links.keys() == {"largo-carducci"}
    assert links["largo-carducci"] >= 0.95


def test_a_full_stop_parts_a_name_and_an_abbreviation_does_not() -> None:
    assert found("torno in piazza. Fiera di paese domani") == {}
    assert found("in p. Fiera") == {"piazza-fiera": 1.0}


@pytest.mark.parametrize("text", ["via XX Settembre", "via 20 settembre", "via venti settembre"])
def test_numbers_are_written_in_several_ways(text: str) -> None:
    assert PlaceFinder({"x": ["via XX settembre"]}).find(text) == [PlaceLink("x", 1.0)]


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
