"""city_ingest with a timetable: its stops, and departures only at stops of the city."""

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import pytest
from shapely import Point

from precrisis.places import take_in_places
from precrisis.timetables import take_in_timetables
from tests import timetable

BUSES = """
- source_id: buses
  noun: place
  kind: gtfs
  address: ${PRECRISIS_SAMPLES}/gtfs.zip
  purpose_id: maps
  layer: {becomes: stop, kind: bus_stop, key: stop_id, name: stop_name, reaches_beyond: true}
"""
MONDAY = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)


@pytest.fixture
def monday(world, run):
    world.add_sources(BUSES)
    timetable.write(world.samples / "gtfs.zip")
    return replace(run, interval_end=MONDAY)


def services(world) -> list[tuple]:
    rows = world.rows("SELECT place_id, hour_of_week, departures_mean FROM raw.stop_service")
    return sorted(tuple(row.values()) for row in rows)


def test_stops_of_the_city_have_departures_and_the_zone_they_lie_in(world, monday):
    take_in_places(monday)
    stops = world.rows(
        "SELECT place_id, attributes ->> 'zone_id' AS zone_id FROM raw.place WHERE kind = 'stop' "
        "ORDER BY place_id"
    )
    assert [tuple(stop.values()) for stop in stops] == [
        ("stop:buses:A", "town-square"), ("stop:buses:B", None),
    ]  # fmt: skip
    written = take_in_timetables(monday)
    before = services(world)
    assert written == len(before) == 6 + 7  # five mornings each; a night each; a feast at B
    assert ("stop:buses:A", 8, 0.75) in before
    take_in_timetables(monday)
    assert services(world) == before


def test_its_stops_are_taken_beside_those_of_another_layer(world, monday):
    other = BUSES.replace("source_id: buses", "source_id: stops").replace("gtfs\n", "map_layer\n")
    other = other.replace("gtfs.zip", "stops.geojson").replace(", reaches_beyond: true", "")
    here = {"stop_id": ["1"], "stop_name": ["Duomo"]}
    frame = gpd.GeoDataFrame(here, geometry=[Point(11.1215, 46.0673)], crs=4326)
    frame.to_file(world.samples / "stops.geojson")
    world.edit_pack("sources.yaml", BUSES, "")
    world.add_sources(other, BUSES)
    take_in_places(monday)
    assert take_in_timetables(monday) == 6 + 7


def test_hours_without_departures_any_more_are_gone_and_an_ended_timetable_changes_nothing(
    world, monday
):
    take_in_places(monday)
    take_in_timetables(monday)
    timetable.write(world.samples / "gtfs.zip", calendar=timetable.CALENDAR.split("night")[0])
    take_in_timetables(monday)
    before = services(world)
    assert len(before) == 5 + 6
    late = replace(monday, interval_end=MONDAY + dt.timedelta(days=60))
    assert take_in_timetables(late) == 0
    assert world.outcomes("take_in_timetables") == {"buses": "quarantined"}
    assert world.quarantined("stop_service") == {("buses", "timetable_current")}
    assert services(world) == before
