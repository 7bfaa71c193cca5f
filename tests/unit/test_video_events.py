"""Events: exactly at each threshold, merged over windows, the same id each time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.video.crowding import CrowdRules
from models.video.events import EventRules, name_events
from models.video.observation import Observation, Sign

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


def sign(kind, start_s, end_s, value, zone_id="square") -> Sign:
    start, end = (NOON + timedelta(seconds=at_s) for at_s in (start_s, end_s))
    return Sign("cam-1", zone_id, kind, start, end, value, "m-1")


LIMITED = replace(
    RULES, max_gap_s=2, sign_limits={"running": 3.5, "loitering": 25, "stopped_vehicle": 25}
)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([sign("running", 0, 1.5, 3.4)], []),
        ([sign("running", 0, 1.5, 3.5)], [("running", 1.5, 0.5)]),
        ([sign("running", 0, 2, 7), sign("running", 3, 4, 7)], [("running", 4, 1.0)]),
        ([sign("wrong_way", 0, 9, 99)], []),  # the city gave no limit
        ([sign("loitering", 10 * n, 10 * n + 9.5, 9.5) for n in range(2)], []),
        (
            [sign("loitering", 10 * n, 10 * n + 9.5, 9.5) for n in range(3)],
            [("loitering", 29.5, 0.59)],
        ),
        ([sign("loitering", 20 * n, 20 * n + 9.5, 9.5) for n in range(3)], []),
        ([sign("loitering", 0, 24, 24), sign("loitering", 1, 9, 8)], []),
    ],
)
def test_signs_become_events_at_the_citys_limits(signs, expected):
    events = name_events([], LIMITED, signs)
    seen = [(e.kind, (e.ended_at - NOON).total_seconds(), round(e.confidence, 2)) for e in events]
    assert seen == expected


def test_signs_in_another_order_are_the_same_events():
    signs = [sign("loitering", 10 * n, 10 * n + 9.5, 9.5) for n in range(4)]
    assert name_events([], LIMITED, signs) == name_events([], LIMITED, signs[::-1])


def test_unknown_kind_of_sign_is_refused():
    with pytest.raises(ValueError, match="no kind of sign: sneezing"):
        replace(RULES, sign_limits={"sneezing": 1})


CROWD = replace(RULES, crowd=CrowdRules(people=15, factor=3))


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([4, 4, 4, 15], ["sudden_gathering"]),
        ([4, 4, 4, 14.9], []),
        ([6, 6, 6, 17], []),
        ([4, 4, 15], []),  # too little is known of before
        ([20, 20, 20, 6], ["dispersal"]),
        ([20, 20, 20, 7], []),
        ([14, 14, 14, 0], []),
        ([20, 14, 9, 6], ["dispersal"]),
        ([20, 17, 15, 13, 11, 9, 8, 7, 6, 5], []),  # people go home
    ],
)
def test_gathering_and_dispersal_are_sudden(people, expected):
    seen_then = [seen(number, people_mean=mean) for number, mean in enumerate(people)]
    assert kinds(*seen_then, rules=CROWD) == expected


def test_a_blind_camera_sees_no_crowd_leave():
    crowd = [seen(number, people_mean=20.0) for number in range(3)]
    assert kinds(*crowd, seen(3, is_blind=True), rules=CROWD) == ["camera_blind"]
