"""The suites as declared: whole, named once, and blind to what must not enter a frame."""

import datetime as dt

import pytest
import shapely

from expectations import calendar_event, disorder_audit, event_label, incident, place, survey_answer
from expectations.camera_observation import STATION as CAMERA_OBSERVATION
from expectations.footage_segment import STATION as FOOTAGE_SEGMENT
from expectations.geometry import geometry_facts
from expectations.post import STATION as POST
from expectations.post_signal import STATION as POST_SIGNAL
from expectations.post_signal import THEMES
from expectations.stop_service import STATION as STOP_SERVICE
from expectations.video_event import STATION as VIDEO_EVENT
from expectations.weather_hour import STATION as WEATHER_HOUR

BOUNDS = (11.0, 45.0, 12.0, 47.0)
STATIONS = (
    FOOTAGE_SEGMENT,
    CAMERA_OBSERVATION,
    VIDEO_EVENT,
    POST,
    POST_SIGNAL,
    place.station(BOUNDS),
    STOP_SERVICE,
    incident.station(BOUNDS, ["theft"]),
    calendar_event.station(["town-square"]),
    disorder_audit.station(BOUNDS),
    survey_answer.station(["town-square"]),
    WEATHER_HOUR,
    event_label.station(["camera"]),
)
EACH = pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.noun)


@EACH
def test_every_rule_has_a_name_of_its_own_and_a_reason(station):
    names = [rule.name for rule in station.rules]
    assert len(names) == len(set(names))
    assert all(rule.reason for rule in station.rules)


@EACH
def test_the_key_is_among_the_columns_and_must_be_unique(station):
    assert set(station.key) <= set(station.columns)
    (rule,) = [rule for rule in station.rules if rule.name == "key_unique"]
    columns = rule.arguments.get("column_list") or [rule.arguments["column"]]
    assert tuple(columns) == station.key


@EACH
def test_every_rule_becomes_an_expectation_that_carries_its_name(station):
    for rule in station.rules:
        assert rule.expectation().meta == {"rule": rule.name, "reason": rule.reason}


def test_no_station_of_posts_has_a_column_for_text():
    assert {"text", "content", "handle"} & {*POST.columns, *POST_SIGNAL.columns} == set()


def test_no_station_knows_a_field_of_a_person():
    words = ("person", "name_of", "birth", "gender", "plate", "face", "victim", "offender", "track")
    columns = {column for station in STATIONS for column in station.columns}
    assert {c for c in columns if any(word in c for word in words)} == set()


def test_a_signal_is_flattened_to_its_extremes():
    row = {
        "themes": dict.fromkeys(THEMES, 0.2) | {"panic": 0.9, "calm": 0.05},
        "place_links": [{"place_id": "a", "confidence": 0.4}, {"place_id": "b", "confidence": 0.7}],
        "posted_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    }
    flat = POST_SIGNAL.flatten(row)
    found = (flat["lowest_probability"], flat["highest_probability"], flat["best_link"])
    assert found == (0.05, 0.9, 0.7)
    assert {"themes", "place_links"} & set(flat) == set()


@pytest.mark.parametrize("themes", [{}, dict.fromkeys(THEMES[1:], 0.1), {THEMES[0]: "high"}])
def test_a_signal_without_all_themes_has_no_extremes(themes):
    flat = POST_SIGNAL.flatten({"themes": themes, "place_links": []})
    assert (flat["lowest_probability"], flat["best_link"]) == (None, 0.0)


@pytest.mark.parametrize("geometry", [None, shapely.Point(), shapely.Polygon()])
def test_a_missing_geometry_has_no_facts(geometry):
    assert set(geometry_facts(geometry).values()) == {None}


def test_a_geometry_s_facts_are_its_extremes_and_validity():
    bow_tie = shapely.set_srid(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), 4326)
    assert geometry_facts(bow_tie) == {
        "srid": 4326, "is_valid_geometry": False, "west": 0, "south": 0, "east": 2, "north": 2,
    }  # fmt: skip


def test_no_geometry_enters_a_frame():
    row = dict.fromkeys(STATIONS[5].columns) | {"geom": shapely.Point(11.1, 46.1)}
    assert {"geom", "attributes"} & set(STATIONS[5].flatten(row)) == set()
