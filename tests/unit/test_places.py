"""A city pack as rows of place: one key space, geometry with its reference system."""

from pathlib import Path

import pytest
import shapely

from expectations.place import station
from precrisis.city import read_city
from precrisis.places import place_rows


@pytest.fixture
def city(monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(Path(__file__).parents[1] / "city")


def test_every_part_of_the_pack_is_a_row_under_a_key_of_its_own(city):
    rows = place_rows(city, "test")
    keys = [row["place_id"] for row in rows]
    parts = len(city.zones) + len(city.sites) + len(city.cameras) + len(city.basemap)
    assert len(keys) == len(set(keys)) == parts
    assert {row["kind"] for row in rows} == {"zone", "site", "camera", "background"}


def test_rows_have_the_station_s_columns_and_a_reference_system(city):
    for row in place_rows(city, "test"):
        assert set(row) == set(station(city.bounds).columns)
        assert shapely.get_srid(row["geom"]) == 4326


def test_a_zone_may_be_named_like_a_camera(city):
    camera = city.cameras[0].model_copy(update={"camera_id": "town-square"})
    twin = city.model_copy(update={"cameras": [camera]})
    keys = [row["place_id"] for row in place_rows(twin, "test")]
    assert {"town-square", "camera:town-square"} < set(keys)


def test_a_reference_system_other_than_4326_is_kept_for_the_door_to_see(city):
    zone = city.zones[0]
    moved = zone.model_copy(update={"geometry": shapely.set_srid(zone.geometry, 25832)})
    rows = place_rows(city.model_copy(update={"zones": [moved]}), "test")
    assert shapely.get_srid(rows[0]["geom"]) == 25832
