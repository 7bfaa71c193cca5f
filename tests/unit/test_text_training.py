"""Learning from posts, on a tiny random encoder: what is written is what was learnt."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.text import train
from models.text.encoder import Encoder
from models.text.reading import THEMES
from models.text.training import calibration
from models.text.training.examples import BadExamples, Example, own_posts, public_posts
from models.text.training.folds import folds_of
from models.text.training.record import COLUMNS
from models.text.training.tuning import LowerStates, tune
from models.text.training.wording import fit_wording
from models.text.understanding import INFORMS, OUTPUTS, logits_of
from models.text.wording import wording_logits
from tests.unit.tiny_checkpoint import write_tiny_checkpoint

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


def toy_examples(count: int) -> list[Example]:
    """Texts of one letter: z is panic, which informs, and everything else calm."""
    made = []
    for number in range(count):
        theme = ("panic", "calm")[number % 2]
        text = " ".join(RNG.choice(["zz", "zzz"] if theme == "panic" else ["aa", "aaa"], 6))
        themes = {name: float(name == theme) for name in THEMES}
        about = {"function": theme, "language": "it", "informs": theme == "panic"}
        made.append(Example(f"{text} {number}", "own", str(number), themes, **about))
    return made


def test_what_is_merged_says_what_was_learnt(tiny: Path) -> None:
    examples = toy_examples(64)
    texts = [example.text for example in examples]
    states = LowerStates(Encoder(tiny), texts)
    learnt, predict = tune(lambda: Encoder(tiny), states, examples, range(64), seed=3)
    arrays = {**learnt.adapters, "weights": learnt.weights, "offsets": learnt.offsets}
    merged = logits_of(Encoder(tiny, learnt=arrays).embed(texts), arrays)
    assert merged.shape == (64, OUTPUTS)
    assert np.allclose(merged, predict(range(64)), atol=0.02)
    for said in (merged[:, THEMES.index("panic")], merged[:, INFORMS]):
        assert said[::2].mean() > said[1::2].mean()


def test_the_same_examples_give_the_same(tiny: Path) -> None:
    examples = toy_examples(40)
    states = LowerStates(Encoder(tiny), [example.text for example in examples])
    first, second = (
        tune(lambda: Encoder(tiny), states, examples, range(40), seed=3)[0] for _ in range(2)
    )
    assert np.array_equal(first.weights, second.weights)
    assert all(np.array_equal(first.adapters[n], second.adapters[n]) for n in first.adapters)


def test_the_record_names_the_file_and_what_was_left_out(tiny: Path, tmp_path: Path) -> None:
    examples = toy_examples(60)
    states = LowerStates(Encoder(tiny), [example.text for example in examples])
    learnt, _ = tune(lambda: Encoder(tiny), states, examples, range(60), seed=3)
    left_out = {place: RNG.normal(size=COLUMNS).astype(np.float32) for place in range(0, 60, 3)}
    train.write(tmp_path / "toy.npz", examples, learnt, [], left_out)
    record = json.loads((tmp_path / "toy.json").read_text())
    assert record["examples"] == {"own": 60}
    assert record["left_out"]["informative_of_crises"] is None
    assert record["left_out"]["themes"]["panic"]["count"] == 10
    assert len(record["sha256"]) == len(record["examples_sha256"]) == 64
    arrays = np.load(tmp_path / "toy.npz")
    assert arrays["theme_calibration"].shape == (2, len(THEMES))
    assert arrays["crisis_calibration"].shape == (3,)
    assert arrays["tone_favour"].tolist() == [1, 1, 1]


def test_corrections_take_the_place_of_what_they_correct(tmp_path: Path) -> None:
    first = own_posts()[0]
    path = tmp_path / "corrections.jsonl"
    rows = [{"text": first.text, "themes": ["calm"]}, {"text": "una frase nuova", "themes": []}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    examples = train.gathered(None, [path])
    assert len(examples) == len(own_posts()) + 1
    corrected = {example.text: example for example in examples}[first.text]
    assert (corrected.source, corrected.themes["calm"]) == ("correction", 1.0)


def test_public_sets_are_read_as_they_lie(tmp_path: Path) -> None:
    (tmp_path / "crisislex_t26_dev.csv").write_text(
        "event,tweet_id,text,source,info_type,informativeness\n"
        "flood,1,water rises,x,x,Related and informative\n"
        "flood,2,pray for us,x,x,Related - but not informative\n"
        "flood,3,buy shoes,x,x,Not related\n"
        "flood,4,nothing,x,x,Not applicable\n"
    )
    (tmp_path / "crisislex_t6_west_texas_explosion.csv").write_text(
        "tweet id, tweet, label\n'1',\"my lunch\",off-topic\n'2',\"it exploded\",on-topic\n"
    )
    (tmp_path / "davidson_dev.csv").write_text("id,class,tweet\n1,2,birds sing\n")
    found = {example.text: example for example in public_posts(tmp_path)}
    assert found.keys() == {"water rises", "pray for us", "buy shoes", "my lunch", "birds sing"}
    assert (found["water rises"].informs, found["pray for us"].informs) == (True, False)
    assert (found["water rises"].themes, found["my lunch"].informs) == ({"informative": 1.0}, None)
    assert found["buy shoes"].themes["panic"] == found["buy shoes"].themes["informative"] == 0.0
    assert (found["birds sing"].tone, found["birds sing"].themes) == (2, {})
    assert found["water rises"].group == found["buy shoes"].group == "flood"


def test_events_and_posts_alike_are_left_out_as_a_whole() -> None:
    crisis = [Example(f"t{n}", "crisis", f"event {n % 4}", {}) for n in range(40)]
    own = [Example(f"p{n}", "own", f"p{n}", {}) for n in range(20)]
    vectors = RNG.normal(size=(60, 12)).astype(np.float32)
    vectors[50:] = vectors[40:50] + 0.01  # ten translations
    folds = folds_of([*crisis, *own], vectors, 3)
    assert all(len(set(folds[event:40:4])) == 1 for event in range(4))
    assert folds[40:50].tolist() == folds[50:].tolist()
    assert set(folds) == {0, 1, 2}


def test_platt_finds_scale_and_shift() -> None:
    logits = RNG.normal(scale=2, size=20_000)
    truth = (RNG.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))).astype(float)
    assert calibration.platt(logits, truth) == pytest.approx((0.5, -1), abs=0.06)


def test_a_rare_class_is_favoured_where_macro_f1_gains() -> None:
    truth = np.array([0] * 10 + [1] * 80 + [2] * 10)
    rows = np.where((truth == 0)[:, None], [0.35, 0.45, 0.2], np.eye(3)[truth] * 0.6 + 0.4 / 3)
    factors = calibration.favour(rows, truth, np.ones(100))
    assert factors[0] > 1
    assert ((rows * factors).argmax(1) == truth).all()


def test_wording_tells_tones_by_words_and_their_parts() -> None:
    texts = [f"{word} {n}" for n in range(30) for word in ("vile", "rude", "birds")]
    learnt = fit_wording(texts, [0, 1, 2] * 30)
    found = wording_logits(["so vile!", "ruder than that", "a bird sings"], learnt)
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert (wording_logits(["so vile!"], fit_wording([], [])) == 0).all()


def test_a_missing_public_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="crisislex_t26_dev"):
        public_posts(tmp_path)


def test_themes_are_spelled_right(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "x", "themes": ["Panic"]}\n')
    with pytest.raises(BadExamples, match="no such theme: Panic"):
        own_posts(path, "correction")
