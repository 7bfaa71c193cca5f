"""Signs in how things move, and in what was done to the camera; ways and pictures made up."""

from dataclasses import fields
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from models.video.behaviour import RUNNING, STAYING, STOPPED, WRONG_WAY, signs_of
from models.video.left_objects import left_objects
from models.video.motion import Motion
from models.video.observation import Sign
from models.video.paths import Path
from models.video.summary import Window, observation
from models.video.tamper import LEARN_LOOKS, RECENT_LOOKS, Lookout
from models.video.view import CameraView, Region
from models.video.watch import Sample

WHOLE = Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1)))
LEFT = Region("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)), area_m2=100.0)
M = 20.0  # metres the picture is wide, in these tests


def way(speed_m_s: float, seconds=8.0, family="person", start_m=2.0, rate_hz=2.0) -> Path:
    """Straight to the right along the middle of the picture."""
    at_s = np.arange(0, seconds + 1e-9, 1 / rate_hz)
    metres = np.c_[start_m + speed_m_s * at_s, np.full(len(at_s), M / 2)]
    return Path(family, at_s, metres / M, metres, height=0.1)


def found(path: Path, region=WHOLE) -> list[tuple[str, float]]:
    signs = signs_of([path], CameraView("c", (region,)))
    return [(kind, round(value, 1)) for kind, _, _, _, value in signs]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (way(1.3), []),
        (way(4.0, seconds=4), [(RUNNING, 4.0)]),
        (way(4.0, seconds=4, family="vehicle"), []),
        (way(0.0), [(STAYING, 8.0)]),
        (way(0.2), [(STAYING, 8.0)]),
        (way(0.0, seconds=4), []),
        (way(0.0, family="vehicle"), [(STOPPED, 8.0)]),
        (way(0.3, family="vehicle"), []),
    ],
)
def test_what_a_way_shows(path, expected):
    assert found(path) == expected


def test_a_box_that_jumps_once_does_not_run():
    path = way(1.0)
    path.metres[8:, 0] += 6
    assert found(path) == []


@pytest.mark.parametrize(
    ("way_deg", "expected"),
    [(0, []), (90, []), (180, [(WRONG_WAY, 8.0)]), (210, [(WRONG_WAY, 6.9)])],
)
def test_wrong_way_is_told_in_metres_against_it(way_deg, expected):
    assert found(way(1.0), Region("w", WHOLE.polygon, way_deg=way_deg)) == expected


def test_a_sign_names_a_place_and_a_time_and_nobody():
    names = {field.name for field in fields(Sign)}
    assert names == {
        *("camera_id", "zone_id", "kind", "started_at", "ended_at", "value", "model_version")
    }


def window(*feet) -> Window:
    samples = tuple(
        Sample(i / 2, None, None, (Motion(),), ("person",) * len(f), f) for i, f in enumerate(feet)
    )
    return Window(datetime(2026, 5, 1, tzinfo=UTC), 0.0, 10.0, True, samples)


def test_crossings_dwell_and_density_of_a_zone():
    camera = CameraView("c", (LEFT,))
    out = way(1.0, seconds=10)  # 2 m to 12 m: out of the left half after 8 s
    back = Path("person", out.at_s, out.seen[::-1], out.metres[::-1], 0.1)
    seen = window([(0.2, 0.5), (0.3, 0.5)], [(0.2, 0.5), (0.8, 0.5)])
    summed = observation(camera, 0, seen, [out, back], None, "m")
    assert (summed.people_mean, summed.people_max) == (1.5, 2)
    assert (summed.density_per_m2, summed.fruin_level) == (0.015, "A")
    assert (summed.left_count, summed.entered_count) == (1, 1)
    assert summed.dwell_s == pytest.approx(8, abs=0.5)
    assert summed.speed_m_s is None  # no ground plane, no metres


def scene(seed: int) -> np.ndarray:
    """A textured street: blocks with sharp edges."""
    blocks = np.random.default_rng(seed).integers(20, 230, (18, 24), dtype=np.uint8)
    return cv2.resize(blocks, (384, 288), interpolation=cv2.INTER_NEAREST)


def looks(*pictures: np.ndarray) -> list[str | None]:
    lookout, generator = Lookout(), np.random.default_rng(9)
    noisy = [
        np.clip(p + generator.normal(0, 2, p.shape), 0, 255).astype(np.uint8) for p in pictures
    ]
    return [lookout.look(picture) for picture in noisy]


def with_lorry(picture: np.ndarray) -> np.ndarray:
    covered = picture.copy()
    covered[100:260, 60:200] = 90
    return covered


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (scene(1), None),
        (with_lorry(scene(1)), None),
        ((scene(1) * 0.5).astype(np.uint8), None),
        (np.roll(scene(1), 60, axis=1), "camera_moved"),
        (cv2.resize(scene(2)[:200, :250], (384, 288)), "camera_moved"),
        (cv2.GaussianBlur(scene(1), (0, 0), 4), "camera_blurred"),
    ],
    ids=["the same", "a lorry", "dusk", "turned", "elsewhere", "out of focus"],
)
def test_tampering_is_told_from_traffic_and_dusk(after, expected):
    told = looks(*[scene(1)] * LEARN_LOOKS, *[after] * RECENT_LOOKS)
    assert told == [None] * (LEARN_LOOKS + RECENT_LOOKS - 1) + [expected]


def with_bag(picture: np.ndarray) -> np.ndarray:
    shown = picture.copy()
    shown[150:170, 200:224] = 30
    cv2.line(shown, (202, 152), (220, 168), 160, 2)
    return shown


PAVEMENT = np.full((288, 384), 120, np.uint8)
PASSER_BY = [
    cv2.rectangle(PAVEMENT.copy(), (x, 100), (x + 20, 160), 40, -1) for x in range(0, 300, 25)
]


@pytest.mark.parametrize(
    ("first", "last", "taken", "count"),
    [
        ([PAVEMENT] * 6, [with_bag(PAVEMENT)] * 6, [], 1),
        ([PAVEMENT] * 6, [with_bag(PAVEMENT)] * 6, [(190, 100, 230, 175)], 0),
        ([with_bag(PAVEMENT)] * 6, [PAVEMENT] * 6, [], 0),
        ([PAVEMENT] * 6, PASSER_BY, [], 0),
        ([PAVEMENT] * 6, [PAVEMENT + 40] * 6, [], 0),
    ],
    ids=["a bag", "with its owner", "taken away", "a passer-by", "sunshine"],
)
def test_what_is_left_behind(first, last, taken, count):
    boxes = left_objects(first, last, taken)
    assert len(boxes) == count
    assert all(x0 >= 195 and x1 <= 230 and y0 >= 145 and y1 <= 175 for x0, y0, x1, y1 in boxes)
