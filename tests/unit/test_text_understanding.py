"""What was learnt: its file is the recorded one, and its readings are probabilities."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.text.reading import THEMES, TONES, Reading
from models.text.understanding import LEARNT, RECORD, LearntDiffers, Understanding, yes_or_no

TEXTS = [
    "Hanno sparato, scappano tutti!",
    "Gli immigrati sono parassiti, cacciateli",
    "Che bella giornata al lago",
    "Ponte chiuso per frana, usate la statale",
    "",
]


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding()


def test_another_file_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    shutil.copy(RECORD, tmp_path)
    (tmp_path / LEARNT.name).write_bytes(LEARNT.read_bytes() + b" ")
    with pytest.raises(LearntDiffers, match=r"understanding\.npz has sha256 .*restore both"):
        Understanding(tmp_path / LEARNT.name)


def test_the_file_is_small_and_its_version_names_it(understanding: Understanding) -> None:
    assert LEARNT.stat().st_size < 5e6
    record = json.loads(RECORD.read_text("utf-8"))
    assert understanding.version == f"posts{record['version']}-{record['sha256'][:8]}"


@pytest.mark.parametrize(("task", "classes"), [("informative", 2), ("hate", 2), ("tone", 3)])
def test_readings_are_probabilities(understanding: Understanding, task: str, classes: int) -> None:
    reading = understanding.read(task, TEXTS)
    assert reading.probabilities.shape == (len(TEXTS), classes)
    assert np.allclose(reading.probabilities.sum(axis=1), 1, atol=1e-5)
    assert set(reading.decided) <= set(range(classes))


def test_themes_are_probabilities(understanding: Understanding) -> None:
    rows = understanding.themes(TEXTS)
    assert rows.shape == (len(TEXTS), len(THEMES))
    assert ((rows >= 0) & (rows <= 1)).all()


def test_plain_posts_are_read_as_they_are(understanding: Understanding) -> None:
    likely = [THEMES[place] for place in understanding.themes(TEXTS[:4]).argmax(axis=1)]
    assert likely == ["panic", "hate", "calm", "informative"]


def test_tones_merge_into_yes_and_no() -> None:
    rows = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    merged = Reading(rows, np.array([1, 2]), np.array([False, True])).merged([0, 1])
    assert np.allclose(merged.probabilities, [[0.3, 0.7], [0.8, 0.2]])
    assert merged.decided.tolist() == [1, 0]
    assert merged.is_uncertain.tolist() == [False, True]
    assert TONES[:2] == ("hate", "offensive")


def test_near_the_threshold_a_person_looks() -> None:
    reading = yes_or_no(np.array([0.29, 0.44, 0.46, 0.59, 0.61]), 0.45)
    assert reading.decided.tolist() == [0, 0, 1, 1, 1]
    assert reading.is_uncertain.tolist() == [False, True, True, True, False]
