"""What reviewers say moves the probabilities, as far as there are enough of them."""

import json
import shutil

import numpy as np
import pytest
from scipy.special import expit, logit

from models.text.reading import THEMES
from models.text.recalibrate import FEWEST, TooFewExamples, fit, recalibrate
from models.text.understanding import LEARNT, version_of


@pytest.fixture
def learnt(tmp_path):
    for file in (LEARNT, LEARNT.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    return tmp_path / LEARNT.name


def record_of(learnt) -> dict:
    return json.loads(learnt.with_suffix(".json").read_text())


def examples(version: str, count: int, read: float, held: float) -> list[dict]:
    """Posts in which panic was read with a probability and held in a share; the rest is right."""
    right = [theme for theme in THEMES if theme != "panic"]
    return [
        {
            "model_version": version,
            "probabilities": dict.fromkeys(THEMES, 0.1) | {"panic": read},
            "themes": (["panic"] if n < held * count else []) + (right if n % 10 == 0 else []),
        }
        for n in range(count)
    ]


def test_a_theme_that_held_more_often_than_read_is_raised_and_the_others_stay(learnt):
    before, version = np.load(learnt)["theme_calibration"], version_of(record_of(learnt))
    report = recalibrate(learnt, examples(version, 400, read=0.5, held=0.8))
    after = np.load(learnt)["theme_calibration"]
    panic = THEMES.index("panic")
    assert after[0][panic] == pytest.approx(before[0][panic], rel=0.05)
    raised = expit(after[1][panic] - before[1][panic])  # what was read as even odds
    assert raised == pytest.approx(0.8, abs=0.06)
    others = [place for place in range(len(THEMES)) if place != panic]
    assert np.allclose(after[:, others], before[:, others], atol=0.01)
    worse, better = report["themes"]["panic"]["log_loss"]
    assert better < worse
    assert record_of(learnt)["recalibrated"] == report


def test_the_model_has_another_version_then_and_loads(learnt):
    from models.text.understanding import Understanding

    version = version_of(record_of(learnt))
    recalibrate(learnt, examples(version, 60, read=0.5, held=1.0))
    found = Understanding(learnt).version
    assert found == version_of(record_of(learnt)) != version


def test_examples_of_another_model_do_not_count_and_too_few_change_nothing(learnt):
    version, content = version_of(record_of(learnt)), learnt.read_bytes()
    few = examples(version, FEWEST - 1, 0.5, 1.0) + examples("posts0-0", 500, 0.5, 1.0)
    with pytest.raises(TooFewExamples, match=f"^{FEWEST - 1} examples of {version}"):
        recalibrate(learnt, few)
    assert learnt.read_bytes() == content


def test_a_few_surprising_reviews_do_not_overturn_the_calibration():
    odds = logit(np.full(10, 0.5))
    scale, shift = fit(odds, np.ones(10))
    assert scale == pytest.approx(1, abs=0.01)
    assert 0 < shift < 0.5
