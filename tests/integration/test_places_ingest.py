"""city_ingest: the pack becomes places; a badly drawn one is refused by name, the others load."""

import json

import pytest

from precrisis.city import city
from precrisis.outcome import StepFailed
from precrisis.pack.part import CityPackError
from precrisis.places import take_in_places

PLACES = 3 + 1 + 2 + 6  # zones, sites, cameras, background


@pytest.fixture
def redraw(world):
    """Change the drawn file of a layer: a function of its GeoJSON content."""

    def change(layer: str, edit) -> None:
        file = world.pack / f"{layer}.geojson"
        content = json.loads(file.read_text())
        edit(content)
        file.write_text(json.dumps(content))
        world.edit_pack("city.yaml", "country: PT", "country: PT")  # read anew

    return change


def stored(world) -> set[str]:
    return {row["place_id"] for row in world.rows("SELECT place_id FROM raw.place")}


def ring_of(content: dict) -> list:
    return content["features"][0]["geometry"]["coordinates"][0]


def test_the_pack_becomes_places_with_valid_geometry_in_4326(world, run):
    assert take_in_places(run) == PLACES
    assert {"town-square", "site:town-hall", "camera:duomo-nord", "background:0000"} < stored(world)
    facts = world.rows(
        "SELECT DISTINCT ST_SRID(geom) AS srid, ST_IsValid(geom) AS ok FROM raw.place"
    )
    assert facts == [{"srid": 4326, "ok": True}]
    assert world.rows("SELECT city_id, time_zone, language FROM raw.city") == [
        {"city_id": "rivermouth", "time_zone": "Europe/Lisbon", "language": "en"}
    ]
    limit = world.rows("SELECT value, owner FROM raw.threshold WHERE name = 'density_level'")
    assert limit == [{"value": 0.01, "owner": "test office"}]


def test_run_twice_it_writes_once_and_what_left_the_pack_leaves_the_table(world, redraw, run):
    take_in_places(run)
    before = world.rows("SELECT * FROM raw.place ORDER BY place_id")
    take_in_places(run)
    assert world.rows("SELECT * FROM raw.place ORDER BY place_id") == before
    (world.pack / "vulnerability.yaml").write_text("[]")  # its sheet is of the site that leaves
    redraw("sites", lambda content: content["features"].clear())
    assert take_in_places(run) == PLACES - 1
    assert "site:town-hall" not in stored(world)


def cross_itself(content: dict) -> None:
    ring = ring_of(content)
    ring[1], ring[2] = ring[2], ring[1]


def swap_coordinates(content: dict) -> None:
    for point in ring_of(content):
        point.reverse()


def lose_its_ring(content: dict) -> None:
    content["features"][0]["geometry"]["coordinates"] = [[[11.1, 46.0]]]


def lose_its_geometry(content: dict) -> None:
    content["features"][0]["geometry"] = None


def leave_the_city(content: dict) -> None:
    for point in ring_of(content):
        point[0] += 1


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (cross_itself, "geometry_valid"),
        (swap_coordinates, "west_plausible"),
        (leave_the_city, "west_plausible"),
        (lose_its_ring, "geometry_present"),
        (lose_its_geometry, "geometry_present"),
    ],
)
def test_a_badly_drawn_zone_is_quarantined_and_the_others_load(world, redraw, run, edit, rule):
    redraw("zones", edit)
    assert take_in_places(run) == PLACES - 1
    assert world.quarantined("place") == {("town-square", rule)}
    assert "town-square" not in stored(world)
    reason = world.rows("SELECT reason FROM ops.quarantine")[0]["reason"]
    assert "geometry" in reason or "coordinates swapped" in reason


def test_an_earlier_good_drawing_stays_when_a_later_one_is_bad(world, redraw, run):
    take_in_places(run)
    redraw("zones", cross_itself)
    take_in_places(run)
    assert "town-square" in stored(world)


def test_a_file_in_another_reference_system_is_refused_place_by_place(world, redraw, run):
    def in_utm(content: dict) -> None:
        name = "urn:ogc:def:crs:EPSG::25832"
        content["crs"] = {"type": "name", "properties": {"name": name}}

    redraw("zones", in_utm)
    assert take_in_places(run) == PLACES - 3
    zones = {"town-square", "market-square", "river-park"}
    assert world.quarantined("place") == {(zone, "srid_4326") for zone in zones}


def test_a_stated_4326_is_as_good_as_none(world, redraw, run):
    def stated(content: dict) -> None:
        content["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}

    redraw("zones", stated)
    assert take_in_places(run) == PLACES


def test_two_zones_of_one_name_are_one_and_a_refusal(world, redraw, run):
    redraw("zones", lambda content: content["features"].append(content["features"][0]))
    assert take_in_places(run) == PLACES
    assert world.quarantined("place") == {("town-square", "key_unique")}


def test_a_pack_that_does_not_fit_is_named_before_anything_is_written(world, redraw, run):
    redraw("zones", lambda content: content["features"][0]["properties"].pop("district"))
    with pytest.raises(CityPackError, match="district"):
        take_in_places(run)
    assert stored(world) == set()


def test_without_a_basis_no_place_is_written(world, run):
    file = world.pack / "register.yaml"
    file.write_text(file.read_text().replace("2035-12-31", "2021-12-31"))
    city.cache_clear()
    with pytest.raises(StepFailed, match="NoBasis"):
        take_in_places(run)
    assert (stored(world), world.rows("SELECT * FROM raw.city")) == (set(), [])
