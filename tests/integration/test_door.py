"""The door: what passes, what is refused under which rule, what stops a load. Rows are plain."""

import datetime as dt
from dataclasses import replace

import pytest

from expectations.camera_observation import STATION as OBSERVATION
from expectations.footage_segment import STATION as SEGMENT
from expectations.post_signal import STATION as SIGNAL
from expectations.post_signal import THEMES
from expectations.station import present
from precrisis import door
from precrisis.warehouse import connect

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
S = dt.timedelta(seconds=1)


def segment(number: int = 0, **changes) -> dict:
    started_at = NOON + number * 10 * S
    return {
        "camera_id": "duomo-nord",
        "started_at": started_at,
        "ended_at": started_at + 10 * S,
        "source_id": "test-footage",
        "object_key": f"footage_segment/{number}.mkv",
        "sha256": "0" * 64,
        "size_bytes": 1_000,
        "frame_count": 100,
        "frame_rate_hz": 10.0,
        "width_px": 160,
        "height_px": 120,
        "codec": "mjpeg",
        "due_at": started_at + 86_400 * S,
    } | changes


def observation(number: int = 0, **changes) -> dict:
    start = NOON + number * 10 * S
    return {
        "camera_id": "duomo-nord",
        "zone_id": "town-square",
        "window_start": start,
        "window_end": start + 10 * S,
        "people_mean": 2.5,
        "people_max": 4,
        "density_per_m2": None,
        "speed_m_s": None,
        "motion_px_s": 1.0,
        "flow_direction_deg": None,
        "vehicles_mean": 0.0,
        "anomaly_score": None,
        "frame_count": 20,
        "is_blind": False,
        "model_version": "test",
        "fruin_level": None,
        "entered_count": 0,
        "left_count": 0,
        "dwell_s": None,
    } | changes


def signal(**changes) -> dict:
    return {
        "source": "test-feed",
        "post_id_hash": "a" * 32,
        "model_version": "test",
        "posted_at": NOON,
        "author_key": "b" * 32,
        "language": "en",
        "themes": dict.fromkeys(THEMES, 0.1),
        "is_uncertain": False,
        "place_links": [{"place_id": "town-square", "confidence": 0.8}],
        "due_at": NOON + dt.timedelta(days=7),
    } | changes


def load(role: str, station, rows, key: str = "batch") -> int:
    with connect(role) as connection:
        return door.load(connection, station, rows, key)


BAD_SEGMENTS = {
    "ended_at_after_started_at": {"ended_at": NOON - S},
    "due_at_after_started_at": {"due_at": NOON - S},
    "frame_count_plausible": {"frame_count": 0},
    "frame_rate_hz_plausible": {"frame_rate_hz": 0.0},
    "width_px_plausible": {"width_px": 8_193},
    "height_px_plausible": {"height_px": 15},
    "size_bytes_plausible": {"size_bytes": 0},
    "sha256_well_formed": {"sha256": "Z" * 64},
    "camera_id_present": {"camera_id": None},
    "object_key_present": {"object_key": None},
}


@pytest.mark.parametrize("rule", BAD_SEGMENTS)
def test_a_bad_row_is_refused_under_its_rule_and_the_good_one_passes(world, rule):
    rows = [segment(0, **BAD_SEGMENTS[rule]), segment(1)]
    assert load("ingest", SEGMENT, rows) == 1
    assert {found for _, found in world.quarantined("footage_segment")} == {rule}
    (kept,) = world.rows("SELECT object_key FROM raw.footage_segment")
    assert kept["object_key"] == "footage_segment/1.mkv"


def test_time_at_a_standstill_is_refused_as_running_backwards(world):
    assert load("ingest", SEGMENT, [segment(0, ended_at=NOON), segment(1)]) == 1
    (entry,) = world.rows("SELECT reason FROM ops.quarantine")
    assert "time runs backwards" in entry["reason"]


def test_limits_belong_to_what_passes(world):
    rows = [
        segment(0, width_px=16, height_px=16, frame_count=1),
        segment(1, width_px=8_192, height_px=8_192, frame_rate_hz=240.0),
    ]
    assert load("ingest", SEGMENT, rows) == 2
    assert world.quarantined("footage_segment") == set()


def test_of_a_repeated_key_the_first_row_passes(world):
    rows = [observation(), observation(people_mean=7.0), observation(1)]
    assert load("analysis", OBSERVATION, rows) == 2
    kept = world.rows("SELECT people_mean FROM raw.camera_observation ORDER BY window_start")
    assert [row["people_mean"] for row in kept] == [2.5, 2.5]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"themes": {"calm": 0.1}}, "lowest_probability_present"),
        ({"themes": dict.fromkeys(THEMES, 1.2)}, "lowest_probability_plausible"),
        ({"themes": dict.fromkeys(THEMES, 0.1) | {"panic": -0.1}}, "lowest_probability_plausible"),
        ({"themes": dict.fromkeys(THEMES, 0.1) | {"panic": 1.1}}, "highest_probability_plausible"),
        ({"place_links": [{"place_id": "x", "confidence": 2}]}, "best_link_plausible"),
        ({"language": "xx"}, "language_known"),
        ({"author_key": "somebody"}, "author_key_well_formed"),
    ],
)
def test_a_signal_is_checked_inside_its_json(world, changes, rule):
    rows = [signal(), signal(post_id_hash="c" * 32) | changes]
    assert load("analysis", SIGNAL, rows) == 1
    assert world.quarantined("post_signal") == {(f"test-feed/{'c' * 32}/test", rule)}


def test_an_empty_batch_stops_the_load(world):
    with pytest.raises(door.DoorClosed, match="batch nothing is empty"):
        load("ingest", SEGMENT, [], "nothing")
    assert world.rows("SELECT * FROM ops.validation") == []


def test_a_wholly_refused_batch_stops_the_load_and_is_on_record(world):
    with pytest.raises(door.AllRefused, match="all 2 rows of batch broken"):
        load("ingest", SEGMENT, [segment(n, frame_count=0) for n in (0, 1)], "broken")
    assert world.rows("SELECT * FROM raw.footage_segment") == []
    assert len(world.quarantined("footage_segment")) == 2
    (entry,) = world.rows("SELECT * FROM ops.validation")
    assert (entry["batch_key"], entry["is_success"], entry["failed_count"]) == ("broken", False, 2)


@pytest.mark.parametrize("change", [{"victim_name": "x"}, None], ids=["one more", "one less"])
def test_rows_with_other_columns_than_the_station_s_are_our_own_fault_and_stop(world, change):
    row = segment() | change if change else {k: v for k, v in segment().items() if k != "codec"}
    with pytest.raises(door.DoorClosed, match=r"differs in columns \['(victim_name|codec)'\]"):
        load("ingest", SEGMENT, [row])


def test_a_rule_that_can_t_be_checked_closes_the_door(world):
    broken = replace(SEGMENT, rules=(*SEGMENT.rules, *present("no_such_column")))
    with pytest.raises(door.DoorClosed, match="no_such_column_present could not be checked"):
        load("ingest", broken, [segment()])
    assert world.rows("SELECT * FROM raw.footage_segment") == []


def test_loaded_twice_rows_stay_as_they_were_and_a_refusal_is_counted(world):
    rows = [segment(0, frame_count=0), segment(1)]
    load("ingest", SEGMENT, rows)
    before = world.rows("SELECT * FROM raw.footage_segment")
    load("ingest", SEGMENT, rows)
    assert world.rows("SELECT * FROM raw.footage_segment") == before
    (entry,) = world.rows("SELECT seen_count, first_seen_at, last_seen_at FROM ops.quarantine")
    assert entry["seen_count"] == 2
    assert entry["last_seen_at"] > entry["first_seen_at"]


def test_validation_results_hold_counts_and_no_value_of_a_row(world):
    marked = segment(0, frame_count=0, camera_id="zanzibar-quokka")
    load("ingest", SEGMENT, [marked, segment(1)])
    (entry,) = world.rows("SELECT result::text AS text FROM ops.validation")
    assert "zanzibar-quokka" not in entry["text"]
    assert "footage_segment/0.mkv" not in entry["text"]
