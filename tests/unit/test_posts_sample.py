"""The sample posts: complete, consistent with the city, and with the cells the demo relies on."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
POSTS = [
    json.loads(line)
    for line in (ROOT / "infra/samples/posts.jsonl").read_text("utf-8").splitlines()
]
FIELDS = {
    "id",
    "author",
    "day",
    "time",
    "language",
    "text",
    "hashtags",
    "label_theme",
    "label_place",
}
FEWEST_AUTHORS = 5


def authors_by_cell() -> dict[tuple, set[int]]:
    cells = defaultdict(set)
    for post in POSTS:
        if post["label_place"]:
            hour = (post["day"], post["time"][:2])
            cells[(*hour, post["label_theme"], post["label_place"])].add(post["author"])
    return cells


def test_every_line_is_complete() -> None:
    assert len(POSTS) >= 200
    assert [p["id"] for p in POSTS] == list(range(1, len(POSTS) + 1))
    for post in POSTS:
        assert set(post) == FIELDS
        assert 1 <= post["author"] <= 90
        assert -7 <= post["day"] <= 0
        assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", post["time"])


def test_places_are_those_of_the_gazetteer() -> None:
    gazetteer = yaml.safe_load((ROOT / "infra/city/trento/gazetteer.yaml").read_text("utf-8"))
    assert {p["label_place"] for p in POSTS} - {None} <= set(gazetteer)


def test_languages_are_mostly_italian_and_then_english() -> None:
    counts = Counter(p["language"] for p in POSTS)
    assert [language for language, _ in counts.most_common(3)] == ["it", "en", "de"]


def test_the_cells_of_the_demo_survive_suppression_and_many_others_do_not() -> None:
    cells = authors_by_cell()
    assert len(cells[(-2, "18", "panic", "piazza-duomo")]) >= 8
    assert len(cells[(-6, "10", "crowding", "piazza-fiera")]) >= 6
    assert len(cells[(-5, "13", "threat", "stadio-briamasco")]) >= 6
    small = [cell for cell, authors in cells.items() if len(authors) < FEWEST_AUTHORS]
    assert len(cells) - len(small) == 3
    assert len(small) >= 20
