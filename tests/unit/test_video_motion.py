"""Speed, direction and blindness on pictures whose truth is known."""

import numpy as np
import pytest

from models.video.motion import Motion, MotionMeter, camera_health, half_grey
from models.video.watch import Schedule

GENERATOR = np.random.default_rng(7)
SQUARE = np.kron(GENERATOR.integers(0, 255, (12, 12), dtype=np.uint8), np.ones((4, 4), np.uint8))
WALL = np.kron(GENERATOR.integers(60, 120, (30, 40), dtype=np.uint8), np.ones((8, 8), np.uint8))
WHOLE = np.ones((120, 160), bool)


def scene(x: int, y: int) -> np.ndarray:
    """A 320 x 240 BGR frame: a textured square, its corner at (x, y), before a textured wall."""
    grey = WALL.copy()
    grey[y : y + 48, x : x + 48] = SQUARE
    return np.dstack([grey] * 3)


def motion_of(dx: int, dy: int, is_region=WHOLE) -> Motion:
    """Total motion of the square going (dx, dy) px in each 0.2 s step, four steps."""
    meter, total = MotionMeter(), Motion()
    for step in range(1, 5):
        before, now = (scene(130 + n * dx, 90 + n * dy) for n in (step - 1, step))
        total += meter.measure(half_grey(before), half_grey(now), 0.2).within(is_region)
    return total


@pytest.mark.parametrize(
    ("dx", "dy", "direction_deg"), [(8, 0, 0), (0, -8, 90), (-8, 0, 180), (0, 8, 270)]
)
def test_speed_and_direction_are_those_of_the_square(dx, dy, direction_deg):
    motion = motion_of(dx, dy)
    assert motion.mean_px_s == pytest.approx(40, rel=0.2)
    apart = (motion.direction_deg - direction_deg + 180) % 360 - 180
    assert apart == pytest.approx(0, abs=10)


def test_still_scene_has_no_motion_and_no_direction():
    motion = motion_of(0, 0)
    assert (motion.pixel_count, motion.mean_px_s, motion.direction_deg) == (0, 0.0, None)


def test_motion_outside_the_region_does_not_count():
    lower_edge = np.zeros_like(WHOLE)
    lower_edge[110:] = True
    assert motion_of(8, 0, lower_edge) == Motion()


def test_foreground_is_the_square_and_not_the_ground():
    meter = MotionMeter()
    empty = half_grey(np.dstack([WALL] * 3))
    for _ in range(5):
        meter.measure(empty, empty, 0.2)
    field = meter.measure(empty, half_grey(scene(100, 90)), 0.2)
    assert field.foreground_share(WHOLE) == pytest.approx(24 * 24 / (120 * 160), rel=0.25)


DAY = GENERATOR.integers(20, 230, (120, 160), dtype=np.uint8)
NIGHT_WITH_LAMPS = np.full((120, 160), 8, np.uint8)
NIGHT_WITH_LAMPS[:10, :40] = 250


@pytest.mark.parametrize(
    ("grey", "previous", "expected"),
    [
        (DAY, None, (False, False, False)),
        (DAY, GENERATOR.permuted(DAY), (False, False, False)),
        (DAY, DAY, (False, False, True)),
        (NIGHT_WITH_LAMPS, None, (False, False, False)),
        (DAY // 6, None, (True, False, False)),
        (np.full_like(DAY, 180), None, (False, True, False)),
        (np.zeros_like(DAY), None, (True, True, False)),
    ],
    ids=["day", "moving", "frozen", "lamps", "dark", "covered", "black"],
)
def test_health_of_a_frame(grey, previous, expected):
    health = camera_health(grey, previous)
    assert (health.is_dark, health.is_uniform, health.is_frozen) == expected
    assert health.is_blind == any(expected)


@pytest.mark.parametrize(
    ("rate_hz", "looks", "flows"),
    [(2.0, [0.0, 0.5, 1.0, 1.5, 2.0], [1.0, 2.0]), (0.5, [0.0, 2.0], [2.0])],
)
def test_flow_is_measured_once_a_second_with_a_frame_shortly_before(rate_hz, looks, flows):
    schedule, analysed, measured, before = Schedule(rate_hz), [], [], None
    for at_s in (n / 10 for n in range(25)):
        if not schedule.wants(at_s):
            continue
        if not schedule.is_due(at_s):
            before, schedule.is_before_wanted = at_s, False
            continue
        if schedule.is_flow_due(at_s) and before is not None:
            measured.append(at_s)
            assert 0 < at_s - before <= 0.2 + 1e-9
        analysed.append(at_s)
        if schedule.analysed(at_s):
            before = at_s
    assert (analysed, measured) == (looks, flows)
