"""city_ingest: weather by hour and lamps, as context; what is not measured stays unknown."""

import geopandas as gpd
import pytest
from shapely import Point

from precrisis.places import take_in_places
from precrisis.records.weather import take_in_weather
from tests import marts

WEATHER = """
- source_id: station
  noun: weather_hour
  kind: csv
  address: ${PRECRISIS_SAMPLES}/records/weather.csv
  purpose_id: maps
- source_id: lamps
  noun: place
  kind: map_layer
  address: ${PRECRISIS_SAMPLES}/lamps.geojson
  purpose_id: maps
  layer: {becomes: lamp, kind: led, key: pole}
"""
HEADER = "hour_start,temperature_c,rain_mm,wind_m_s"
GOOD = "2026-03-06T18:00:00+01:00,4.5,0,"


@pytest.fixture
def offer(world):
    world.add_sources(WEATHER)

    def write(*lines: str) -> None:
        (world.samples / "records" / "weather.csv").write_text("\n".join([HEADER, *lines]))

    return write


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2026-03-06T18:30:00+01:00,4,0,1", "hour_is_full"),
        ("2026-03-06T18:00:00,4,0,1", "hour_start_at_present"),
        ("2026-03-06T19:00:00+01:00,4,-1,1", "rain_mm_plausible"),
        ("2026-03-06T19:00:00+01:00,277,0,1", "temperature_c_plausible"),  # Kelvin
        ("2026-03-06T17:00:00+00:00,4,0,1", "key_unique"),  # the same hour
    ],
)
def test_a_bad_hour_is_refused_alone(world, offer, run, line, rule):
    offer(GOOD, line)
    assert take_in_weather(run) == 1
    assert {found for _, found in world.quarantined("weather_hour")} == {rule}
    (row,) = world.rows("SELECT temperature_c, rain_mm, wind_m_s FROM raw.weather_hour")
    assert row == {"temperature_c": 4.5, "rain_mm": 0, "wind_m_s": None}


def test_lamps_belong_to_zones_and_no_two_of_them_are_one(world, offer, run):
    places = [Point(11.1215, 46.0673), Point(11.12151, 46.0673), Point(11.04, 46.0)]
    frame = gpd.GeoDataFrame({"pole": [1, 2, 3]}, geometry=places, crs=4326)
    frame.to_file(world.samples / "lamps.geojson")
    take_in_places(run)
    marts.build(only="+int_lamps_zoned +int_weather_hourly")
    marts.build(verb="test", only="int_lamps_zoned int_weather_hourly")
    rows = world.rows("SELECT zone_id, lamp_count FROM intermediate.int_lamps_zoned")
    assert rows == [{"zone_id": "town-square", "lamp_count": 2}]
