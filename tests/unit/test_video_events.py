"""Events: exactly at each threshold, merged over windows, the same id each time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.video.events import EventRules, name_events
from models.video.observation import Observation

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 5, 1, 23, tzinfo=UTC)
RULES = EventRules(
    people_mean_in_closed_zone=0.5,
    density_per_m2=2.0,
    vehicles_mean_in_pedestrian_zone=0.5,
    min_windows=1,
    max_gap_s=0,
    pedestrian_zones=frozenset({"square"}),
    is_closed=lambda zone_id, at: zone_id == "park" and at.hour >= 22,
)


def seen(number=0, start=NOON, zone_id="square", **values) -> Observation:
    """The window `number` x 10 s after `start`; quiet unless `values` says otherwise."""
    quiet = Observation(
        camera_id="cam-1",
        zone_id=zone_id,
        window_start=start + timedelta(seconds=10 * number),
        window_end=start + timedelta(seconds=10 * number + 10),
        people_mean=0.0,
        people_max=0,
        density_per_m2=0.0,
        speed_m_s=None,
        motion_px_s=0.0,
        flow_direction_deg=None,
        vehicles_mean=0.0,
        anomaly_score=None,
        frame_count=20,
        is_blind=False,
        model_version="m-1",
    )
    return replace(quiet, **values)


def kinds(*observations, rules=RULES) -> list[str]:
    return [event.kind for event in name_events(observations, rules)]


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (seen(), []),
        (seen(zone_id="park", start=NIGHT, people_mean=0.45), []),
        (seen(zone_id="park", start=NIGHT, people_mean=0.5), ["intrusion"]),
        (seen(zone_id="park", start=NOON, people_mean=9.0), []),
        (seen(zone_id="square", start=NIGHT, people_mean=9.0), []),
        (seen(density_per_m2=1.99), []),
        (seen(density_per_m2=2.0), ["density_level"]),
        (seen(density_per_m2=None, people_mean=99.0), []),
        (seen(vehicles_mean=0.45), []),
        (seen(vehicles_mean=0.5), ["vehicle_in_pedestrian_zone"]),
        (seen(zone_id="street", vehicles_mean=3.0), []),
        (seen(is_blind=True), ["camera_blind"]),
        (seen(is_blind=True, density_per_m2=9.0, vehicles_mean=9.0), ["camera_blind"]),
    ],
)
def test_kind_by_threshold(observation, expected):
    assert kinds(observation) == expected


def test_consecutive_windows_are_one_event_in_any_order():
    windows = [seen(number, vehicles_mean=1.0) for number in (2, 0, 1)]
    (event,) = name_events(windows, RULES)
    assert (event.started_at, event.ended_at) == (NOON, NOON + timedelta(seconds=30))


def test_quiet_window_between_makes_two_events_unless_the_gap_is_allowed():
    windows = [seen(0, vehicles_mean=1.0), seen(1), seen(2, vehicles_mean=1.0)]
    assert len(name_events(windows, RULES)) == 2
    (event,) = name_events(windows, replace(RULES, max_gap_s=10))
    assert event.ended_at == NOON + timedelta(seconds=30)


@pytest.mark.parametrize("other", [{"camera_id": "cam-2"}, {"model_version": "m-2"}])
def test_another_camera_or_model_is_another_event(other):
    windows = [seen(0, is_blind=True), seen(1, is_blind=True, **other)]
    assert len({event.event_id for event in name_events(windows, RULES)}) == 2


@pytest.mark.parametrize(("window_count", "event_count"), [(2, 0), (3, 1)])
def test_short_run_is_no_event(window_count, event_count):
    windows = [seen(number, is_blind=True) for number in range(window_count)]
    assert len(name_events(windows, replace(RULES, min_windows=3))) == event_count


def test_id_is_32_hex_digits_and_stays_when_the_event_grows():
    windows = [seen(number, vehicles_mean=1.0) for number in range(3)]
    (short,), (long,) = name_events(windows[:2], RULES), name_events(windows, RULES)
    assert short.event_id == long.event_id
    assert len(long.event_id) == 32
    assert int(long.event_id, 16) >= 0


@pytest.mark.parametrize(
    ("observations", "confidence"),
    [
        ([seen(vehicles_mean=0.5)], 0.5),
        ([seen(vehicles_mean=1.0)], 1.0),
        ([seen(vehicles_mean=50.0)], 1.0),
        ([seen(0, density_per_m2=2.0), seen(1, density_per_m2=4.0)], 0.75),
        ([seen(0, is_blind=True)], 0.5),
        ([seen(number, is_blind=True) for number in range(3)], 0.75),
    ],
)
def test_confidence(observations, confidence):
    (event,) = name_events(observations, RULES)
    assert event.confidence == confidence


def test_threshold_must_be_above_nought():
    with pytest.raises(ValueError, match="density_per_m2 is 0"):
        replace(RULES, density_per_m2=0)
