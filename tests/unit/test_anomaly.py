"""The anomaly score on clips made here: squares that walk before a textured wall."""

from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from models.register import weights_file
from models.video.anomaly import (
    AnomalyModel,
    Calibration,
    NotEnoughFootage,
    Scorer,
    UnusableArtefact,
    calibrate,
    frame_step,
    score_or_withhold,
)
from models.video.anomaly.model import NOT_CALIBRATED

HEIGHT, WIDTH, RATE_HZ = 120, 160, 10.0
WALL = cv2.resize(
    np.random.default_rng(1).integers(60, 200, (12, 16, 3), dtype=np.uint8), (WIDTH, HEIGHT)
)
THING = np.random.default_rng(2).integers(0, 255, (24, 12, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights():
    path = weights_file("nanodet-416")
    if not path.is_file():
        pytest.fail("nanodet.onnx is missing: run `python -m models.weights fetch`")
    return path


def clip(speed_px=2.0, frames=50, start=0, top=60, seed=0, thing=THING):
    """A thing that crosses the picture at `speed_px` a frame, with a little sensor noise."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(frames):
        frame = WALL.astype(np.int16) + rng.integers(-2, 3, WALL.shape)
        left = min(int(start + index * speed_px), WIDTH - thing.shape[1])
        frame[top : top + thing.shape[0], left : left + thing.shape[1]] = thing
        made.append(frame.clip(0, 255).astype(np.uint8))
    return made


@pytest.fixture(scope="module")
def model(weights):
    clips = [clip(start=10 * i, seed=i) for i in range(5)]
    return calibrate(clips, RATE_HZ, weights, learnt_from=["2026-10-01"])


def values(model, frames, weights):
    return np.array([score.value for score in model.score(frames, weights)])


def test_normal_scores_low_and_a_fast_thing_high(model, weights):
    normal = values(model, clip(start=10, seed=9), weights)
    fast = values(model, clip(speed_px=8.0, frames=12, seed=9), weights)
    assert np.median(fast[3:]) > 1.5
    assert np.median(fast[3:]) > 2 * normal[3:].max()


def test_a_large_odd_thing_scores_higher_than_a_usual_one(model, weights):
    odd = cv2.resize(WALL[:, ::-1], (60, 50))
    found = values(model, clip(thing=odd, seed=9), weights)
    assert np.median(found[5:]) > 2 * values(model, clip(seed=9), weights)[5:].max()


def test_the_future_does_not_change_the_past(model, weights):
    calm, wild = clip(seed=9), clip(seed=9)
    wild[30:] = clip(speed_px=7.0, frames=20, seed=9)
    assert np.array_equal(values(model, calm, weights)[:30], values(model, wild, weights)[:30])


def test_scores_come_while_the_stream_runs(model, weights):
    def endless():
        while True:
            yield from clip(seed=9)

    assert len(list(islice(model.score(endless(), weights), 7))) == 7


def test_the_same_footage_and_seed_give_the_same_model(model, weights):
    again = calibrate([clip(start=10 * i, seed=i) for i in range(5)], RATE_HZ, weights)
    assert np.array_equal(again.normal.memory.centres, model.normal.memory.centres)
    assert np.array_equal(again.scales.span, model.scales.span)
    other = calibrate(
        [clip(start=10 * i, seed=i) for i in range(5)],
        RATE_HZ,
        weights,
        settings=replace(model.settings, seed=8),
    )
    assert other.settings.digest != model.settings.digest


def test_an_artefact_comes_back_as_it_was(model, weights, tmp_path):
    model.save(tmp_path / "camera.npz")
    back = AnomalyModel.load(tmp_path / "camera.npz")
    assert (back.learnt_from, back.settings) == (("2026-10-01",), model.settings)
    assert np.array_equal(values(back, clip(seed=9), weights), values(model, clip(seed=9), weights))


def test_an_artefact_holds_no_picture(model, tmp_path):
    """Nothing in it has the frame's size; all that has places is coarser than 8 px a side."""
    model.save(tmp_path / "camera.npz")
    with np.load(tmp_path / "camera.npz") as stored:
        shapes = {name: stored[name].shape for name in stored}
    assert shapes.pop("view_edges") == (64, 96)
    assert shapes.pop("scene_mean") == shapes.pop("scene_precision") == (52, 52, 24)
    assert all(len(shape) <= 2 for shape in shapes.values())
    assert not any({HEIGHT, WIDTH} <= set(shape) for shape in shapes.values())


def test_a_file_that_is_no_artefact_is_refused(tmp_path):
    (tmp_path / "camera.npz").write_bytes(b"not an artefact")
    with pytest.raises(UnusableArtefact, match=r"camera\.npz.*calibrate again"):
        AnomalyModel.load(tmp_path / "camera.npz")


def test_a_moved_camera_gets_no_score(model, weights):
    moved = [np.roll(frame, (25, 40), axis=(0, 1)) for frame in clip(seed=9)]
    scores = list(model.score(moved, weights))
    assert all(score.value is None for score in scores[10:])
    assert "camera moved" in scores[-1].withheld


@pytest.mark.parametrize(
    ("change", "reason"),
    [(lambda f: f // 16, "dark"), (lambda f: np.full_like(f, 128), "blank")],
)
def test_night_and_a_covered_lens_get_no_score(model, weights, change, reason):
    scores = list(model.score([change(frame) for frame in clip(frames=10)], weights))
    assert all(score.value is None and reason in score.withheld for score in scores)


def test_normal_footage_is_not_withheld(model, weights):
    assert all(score.withheld is None for score in model.score(clip(seed=9), weights))


def test_a_camera_without_calibration_says_so(weights):
    scores = list(score_or_withhold(None, clip(frames=3), weights))
    assert [(score.value, score.withheld) for score in scores] == [(None, NOT_CALIBRATED)] * 3


def test_frames_of_another_size_are_refused(model, weights):
    with pytest.raises(ValueError, match="recalibrate"):
        next(model.score([np.zeros((64, 64, 3), np.uint8)], weights))


def test_a_clip_of_a_single_frame_is_left_out(model, weights):
    clips = [clip(start=10 * i, seed=i) for i in range(5)]
    learnt = calibrate([*clips, clip(frames=1)], RATE_HZ, weights, learnt_from=["2026-10-01"])
    assert (learnt.normal.limits == model.normal.limits).all()


def test_single_frames_alone_are_refused(weights):
    with pytest.raises(NotEnoughFootage, match="motion needs two in a row"):
        calibrate([clip(frames=1, seed=i) for i in range(60)], RATE_HZ, weights)


def test_too_little_footage_is_refused(weights):
    with pytest.raises(NotEnoughFootage, match="60 are needed"):
        calibrate([clip(frames=20)], RATE_HZ, weights)


def test_frames_handed_over_one_by_one_get_the_same_scores(model, weights):
    frames = clip(start=10, seed=9)
    scorer = Scorer(Calibration(model, alarm_score=2.0, weights_path=weights), RATE_HZ)
    handed = [scorer.look(frame)[0] for frame in frames]
    assert handed == [value / 2 for value in values(model, frames, weights)]


@pytest.mark.parametrize(
    ("frame_rate_hz", "step"), [(2.0, 1), (10.0, 1), (15.0, 2), (25.0, 2), (30.0, 3)]
)
def test_about_ten_frames_a_second_are_looked_at(frame_rate_hz, step):
    assert frame_step(frame_rate_hz) == step


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ((RATE_HZ, WIDTH, HEIGHT), None),
        ((3 * RATE_HZ, WIDTH, HEIGHT), None),
        ((RATE_HZ * 0.7, WIDTH, HEIGHT), "its frame rate"),
        ((RATE_HZ, WIDTH, HEIGHT + 2), "its frames have another size"),
    ],
)
def test_footage_of_another_form_is_not_scored(model, weights, form, reason):
    doubt = Calibration(model, 1.0, weights).doubt(*form)
    assert doubt is None if reason is None else doubt.startswith(reason)
