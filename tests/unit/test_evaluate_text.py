"""The text evaluation: labels of several vocabularies, figures by hand, places of another city."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from models import evaluate, measures
from models.evaluation.labels import BadLabels
from models.evaluation.place_links import evaluate_places
from models.evaluation.posts import TONES, YES_NO, read_posts
from models.evaluation.text import evaluate_text
from models.text.gazetteer import BadGazetteer, read_gazetteer
from models.text.reading import Reading

CRISIS = ["Related and informative", "Related - but not informative", "Not related"]


def table(path: Path, *rows: tuple, header: tuple = ("text", "label", "group")) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header[: len(rows[0])], *rows])
    return path


def labels(tmp_path: Path, *values: str) -> Path:
    return table(tmp_path / "p.csv", *((f"text {i}", value) for i, value in enumerate(values)))


@pytest.mark.parametrize(
    ("task", "values", "positive", "classes", "truth"),
    [
        ("informative", CRISIS, ["Related and informative"], YES_NO, [1, 0, 0]),
        ("informative", CRISIS, [], YES_NO, [1, 0, 0]),
        ("informative", ["on-topic", "off-topic"], [], YES_NO, [1, 0]),
        ("hate", ["0", "1", "2"], [], TONES, [0, 1, 2]),
        ("hate", ["0.0", "1.0", "2.0"], [], TONES, [0, 1, 2]),
        ("hate", ["hate_speech", "offensive_language", "neither"], [], TONES, [0, 1, 2]),
        ("hate", ["hateful", "non-hateful"], [], YES_NO, [1, 0]),
        ("hate", ["Hateful", "Non-hateful"], ["hateful"], YES_NO, [1, 0]),
        ("hate", ["1", "0"], [], YES_NO, [1, 0]),
        ("hate", ["odio", "altro", "boh"], ["odio", "boh"], YES_NO, [1, 0, 1]),
    ],
)
def test_vocabularies(tmp_path, task, values, positive, classes, truth):
    posts = read_posts(labels(tmp_path, *values), task, "text", "label", positive)
    assert posts.classes == classes
    assert posts.truth.tolist() == truth


def test_two_of_three_tones_count_as_yes(tmp_path):
    posts = read_posts(labels(tmp_path, "0", "1", "2"), "hate", "text", "label", ["0", "1"])
    assert (posts.classes, posts.positive_tones, posts.has_tones) == (YES_NO, (0, 1), True)


@pytest.mark.parametrize(
    ("values", "positive", "says"),
    [
        (["spam", "ham"], [], r"p\.csv, column label: labels not known.*'ham', 'spam'.*--positive"),
        (["hateful", "non-hateful"], ["hatefull"], r"no post has the label 'hatefull'; labels are"),
    ],
)
def test_labels_that_are_not_understood_are_named(tmp_path, values, positive, says):
    with pytest.raises(BadLabels, match=says):
        read_posts(labels(tmp_path, *values), "hate", "text", "label", positive)


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(BadLabels, match="lacks the columns gold"):
        read_posts(labels(tmp_path, "1"), "hate", "text", "gold")


class Parrot:
    """Says yes with 0.9 to texts that hold "yes", is unsure of those with "?"."""

    def read(self, task, texts):
        yes = np.array([0.9 if "yes" in text else 0.1 for text in texts])
        unsure = np.array(["?" in text for text in texts])
        return Reading(np.stack([1 - yes, yes], axis=1), (yes > 0.5).astype(int), unsure)


def test_figures_by_hand(tmp_path):
    rows = [("yes a", 1, "x"), ("yes b?", 0, "x"), ("no c", 0, "y"), ("no d", 0, "y")]
    posts = read_posts(table(tmp_path / "p.csv", *rows), "hate", "text", "label", (), "group")
    found = evaluate_text("hate", posts, Parrot())
    assert found["classes"]["yes"] == {"count": 1, "precision": 0.5, "recall": 1.0, "f1": 0.6667}
    assert found["macro_f1"] == round((2 / 3 + 0.8) / 2, 4)
    assert found["calibration_error"] == round((2 * 0.4 + 2 * 0.1) / 4, 4)
    assert (found["abstained"], found["macro_f1_sure"]) == (0.25, 1.0)
    assert found["by"]["y"]["accuracy"] == 1.0
    assert found["by"]["y"]["macro_f1"] is None
    assert found["texts_per_s"] > 0
    json.dumps(found)


def test_calibration_of_three_classes_is_their_mean():
    truth, rows = np.array([0, 1]), np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert measures.calibration_error(truth, rows) == pytest.approx((0.5 + 0.5 + 0) / 3, abs=1e-4)


BERGAMO = {"old-square": ["Piazza Vecchia"], "station": ["stazione di Bergamo", "stazione FS"]}
POSTS = [
    ("ressa in p.zza Vecchia", "old-square", "report"),
    ("Piazza Vecchia a Verona è più grande", "", "elsewhere"),
    ("dalla stazione FS a piazza vechia", "old-square;station", "report"),
    ("niente da dire", "", "elsewhere"),
    ("sotto la torre", "old-square", "report"),
]
HEADER = ("text", "place", "kind")


@pytest.mark.parametrize("form", ["yaml", "json", "csv", "pack"])
def test_places_of_another_city(tmp_path, capsys, form):
    path = tmp_path / f"gazetteer.{form}"
    if form == "csv":
        rows = [(place, name) for place, names in BERGAMO.items() for name in names]
        table(path, *rows, header=("place_id", "name"))
    elif form == "pack":
        (tmp_path / "gazetteer.yaml").write_text(json.dumps(BERGAMO))
        (tmp_path / "city.yaml").write_text("name: Bergamo\n")
        path = tmp_path
    else:
        path.write_text(json.dumps(BERGAMO))
    posts = table(tmp_path / "posts.csv", *POSTS, header=HEADER)
    evaluate.main(
        ["text", "--task", "place", "--posts", str(posts), "--label-column", "place",
         "--gazetteer", str(path), "--by", "kind"]
    )  # fmt: skip
    found = json.loads(capsys.readouterr().out)
    assert found["town"] == "Bergamo"
    assert (found["precision"], found["recall"]) == (1.0, 0.75)
    assert (found["links_expected"], found["links_found"], found["posts_right"]) == (4, 3, 4)
    assert found["by"]["elsewhere"]["links_found"] == 0


def test_a_place_that_the_gazetteer_lacks_is_named(tmp_path):
    (tmp_path / "g.json").write_text(json.dumps(BERGAMO))
    posts = table(tmp_path / "p.csv", ("in piazza", "piazza-dante"))
    with pytest.raises(BadLabels, match="no place piazza-dante"):
        evaluate_places(posts, "text", "label", read_gazetteer(tmp_path / "g.json"))


@pytest.mark.parametrize("content", ["[1, 2]", '{"a": 3}', '{"a": [3]}'])
def test_a_gazetteer_of_another_form_is_named(tmp_path, content):
    (tmp_path / "g.json").write_text(content)
    with pytest.raises(BadGazetteer, match=r"g\.json.*a place_id with a list of names"):
        read_gazetteer(tmp_path / "g.json")


def test_own_posts_keep_their_measured_floor(capsys):
    """The city pack of Trento, 205 posts written for this; see the card in models/README.md."""
    posts = Path(__file__).parents[2] / "models/text/data/place_posts.csv"
    evaluate.main(["text", "--task", "place", "--posts", str(posts), "--label-column", "place_ids"])
    found = json.loads(capsys.readouterr().out)
    assert found["precision"] >= 0.95
    assert found["recall"] >= 0.9
