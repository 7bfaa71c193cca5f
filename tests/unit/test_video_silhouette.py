"""Every pixel of an evidence picture is the empty plate's or one of the flat tones."""

import datetime as dt
import inspect
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.video.background import Plate
from models.video.detector import LABELS, Detection
from models.video.perspective import HeightLine
from models.video.silhouette import PERSON, TONES, UNKNOWN, VEHICLE, draw, encode, step_at

SHAPE = (96, 128)
LINE = HeightLine(0.3, 5)


def plate(known=1.0, heights=LINE) -> Plate:
    """A plate of noise that holds none of the flat tones."""
    random = np.random.default_rng(3)
    picture = random.integers(0, 35, (*SHAPE, 3)).astype(np.uint8)
    return Plate(picture, random.random(SHAPE) < known, heights)


edges = st.floats(-200, 300, allow_nan=False)
boxes = st.builds(
    lambda x, y, w, h, label: Detection(x, y, x + w, y + h, label, 0.5),
    edges, edges, st.floats(0, 400), st.floats(0, 400), st.sampled_from(LABELS),
)  # fmt: skip


@given(
    st.lists(boxes, max_size=8),
    st.integers(4, 64),
    st.sampled_from([0.0, 0.6, 1.0]),
    st.sampled_from([None, LINE, HeightLine(-3, 900)]),
)
def test_G3_every_pixel_is_the_plate_s_or_a_flat_tone(found, margin_px, known, heights):
    empty = plate(known, heights)
    picture = draw(empty, found, margin_px)
    is_plate = (picture == empty.picture).all(axis=2) & empty.is_known
    is_flat = np.any([(picture == np.uint8(tone)).all(axis=2) for tone in TONES], axis=0)
    assert (is_plate | is_flat).all()
    assert picture.shape == empty.picture.shape
    assert picture.dtype == np.uint8


def test_G3_what_draws_is_not_given_the_frame():
    """So no change inside it can let a pixel of a person out."""
    assert list(inspect.signature(draw).parameters) == ["plate", "detections", "margin_px"]
    assert set(Plate.__dataclass_fields__) == {"picture", "is_known", "heights"}
    assert set(Detection.__dataclass_fields__) == {"x0", "y0", "x1", "y1", "label", "score"}


def shown(*found, heights=LINE, margin_px=6):
    return draw(plate(heights=heights), found, margin_px)


def test_G3_people_of_any_build_at_one_place_are_drawn_alike():
    """Tall or short, broad or slim, arms out or not: the box differs, the picture does not."""
    slim = Detection(60, 30, 68, 72, "person", 0.9)
    broad = Detection(50, 40, 78, 72, "person", 0.4)
    assert (shown(slim) == shown(broad)).all()


def test_G3_who_is_with_whom_is_not_drawn():
    """Of people close together one is drawn, the nearest; those further apart are all there."""
    alone = Detection(30, 40, 38, 72, "person", 0.9)
    behind = Detection(38, 36, 46, 68, "person", 0.9)
    apart = Detection(90, 40, 98, 72, "person", 0.9)
    assert (shown(alone, behind) == shown(alone)).all()
    assert (shown(behind, alone) == shown(alone)).all()
    labels = cv2.connectedComponents(
        (shown(alone, behind, apart) == np.uint8(PERSON)).all(axis=2).astype(np.uint8)
    )[0]
    assert labels - 1 == 2


def test_shapes_stand_on_a_grid_of_the_margin():
    at = [shown(Detection(60 + i, 30, 68 + i, 72, "person", 0.9)) for i in range(5)]
    assert all((picture == at[0]).all() for picture in at)
    assert (shown(Detection(67, 30, 75, 72, "person", 0.9)) != at[0]).any()


def test_without_a_height_line_sizes_are_rounded_to_powers_of_two():
    heights = [Detection(60, 72 - h, 68, 72, "person", 0.9) for h in (23, 32, 45)]
    pictures = [shown(box, heights=None) for box in heights]
    assert all((picture == pictures[0]).all() for picture in pictures)
    taller = Detection(60, 24, 68, 72, "person", 0.9)
    assert (shown(taller, heights=None) != pictures[0]).any()


def test_people_and_vehicles_have_tones_of_their_own_and_bicycles_none():
    def has(picture, tone):
        return bool((picture == np.uint8(tone)).all(axis=2).any())

    for label in LABELS:
        picture = shown(Detection(50, 30, 80, 70, label, 0.9))
        assert has(picture, PERSON) == (label == "person")
        assert has(picture, VEHICLE) == (label in ("car", "motorcycle", "bus", "truck"))


def test_what_is_not_known_is_one_tone_and_nothing_of_the_plate():
    picture = draw(plate(known=0.0), [], 6)
    assert (picture == np.uint8(UNKNOWN)).all()


def test_G3_the_file_holds_pixels_alone():
    content = encode(shown())
    chunks, at = [], 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append(content[at + 4 : at + 8].decode())
        at += 12 + length
    assert set(chunks) == {"IHDR", "IDAT", "IEND"}
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert (decoded == shown()).all()


@pytest.mark.parametrize(
    ("second", "steps", "expected"), [(0, 6, 0), (9.9, 6, 0), (10, 6, 10), (59, 6, 50), (59, 1, 0)]
)
def test_G3_pictures_come_in_steps(second, steps, expected):
    minute = dt.datetime(2026, 3, 1, 18, 5, tzinfo=dt.UTC)
    at = step_at(minute + dt.timedelta(seconds=second), steps)
    assert at == minute + dt.timedelta(seconds=expected)
