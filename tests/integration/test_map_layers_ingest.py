"""city_ingest with map layers: each becomes places, keeps its versions, and fails alone."""

import datetime as dt
import json
from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from shapely import Point

from precrisis.city import city
from precrisis.modes import read_modes
from precrisis.outcome import StepFailed
from precrisis.places import take_in_places
from precrisis.warehouse import connect
from tests import osm_pbf

PACK_PLACES = 3 + 1 + 2 + 6  # of tests/city: zones, sites, cameras, background
SQUARE = (11.1215, 46.0673)  # in town-square
DAY = dt.timedelta(days=1)
SCHOOLS = """
- source_id: schools
  noun: place
  kind: map_layer
  address: ${PRECRISIS_SAMPLES}/schools.gpkg
  purpose_id: maps
  layer: {becomes: site, kind: school, key: code, name: name}
"""
EXTRACT = """
- source_id: extract
  noun: place
  kind: map_layer
  address: ${PRECRISIS_SAMPLES}/town.osm.pbf
  purpose_id: maps
  layer:
    becomes: site
    kind_column: amenity
    kinds: {school: school, place_of_worship: place_of_worship}
    key: osm
    name: name
"""


def draw(world, **schools: tuple[str, object]) -> None:
    """Write the schools of the city: key=(name, geometry)."""
    names, shapes = zip(*schools.values(), strict=True)
    frame = gpd.GeoDataFrame(
        {"code": list(schools), "name": names}, geometry=list(shapes), crs=4326
    )
    frame.to_crs(25832).to_file(world.samples / "schools.gpkg")


def versions(world) -> list[tuple]:
    rows = world.rows(
        "SELECT place_id, valid_from, valid_to, name FROM raw.place_version "
        "WHERE source = 'schools' ORDER BY place_id, valid_from"
    )
    return [tuple(row.values()) for row in rows]


def test_a_layer_s_versions_are_kept_with_the_time_of_each_place(world, run):
    world.add_sources(SCHOOLS)
    first, second = run.interval_end, run.interval_end + DAY
    draw(world, a=("Verdi", Point(SQUARE)), b=("Rossini", Point(11.13, 46.06)))
    assert take_in_places(run) == PACK_PLACES + 2
    stands = [("site:schools:a", first, None, "Verdi"), ("site:schools:b", first, None, "Rossini")]
    assert versions(world) == stands
    later = replace(run, interval_end=second)
    take_in_places(later)  # nothing changed
    assert versions(world) == stands
    draw(world, a=("Scuola Verdi", Point(SQUARE)), c=("Bellini", Point(11.13, 46.06)))
    for _ in range(2):
        take_in_places(later)
        assert versions(world) == [
            ("site:schools:a", first, second, "Verdi"),
            ("site:schools:a", second, None, "Scuola Verdi"),
            ("site:schools:b", first, second, "Rossini"),
            ("site:schools:c", second, None, "Bellini"),
        ]
    layer = world.rows(
        "SELECT valid_from, valid_to, feature_count, placed_count FROM raw.layer_version "
        "WHERE source = 'schools' ORDER BY valid_from"
    )
    assert [tuple(row.values()) for row in layer] == [(first, second, 2, 2), (second, None, 2, 2)]
    now = world.rows("SELECT place_id FROM raw.place WHERE source = 'schools' ORDER BY place_id")
    assert [row["place_id"] for row in now] == ["site:schools:a", "site:schools:c"]


def test_a_layer_that_left_the_pack_takes_its_places_with_it_and_keeps_its_past(world, run):
    world.add_sources(SCHOOLS)
    draw(world, a=("Verdi", Point(SQUARE)))
    take_in_places(run)
    other = SCHOOLS.replace("map_layer", "csv").replace("place\n", "calendar_event\n")
    world.edit_pack("sources.yaml", SCHOOLS, other.split("  layer:")[0])
    later = replace(run, interval_end=run.interval_end + DAY)
    assert take_in_places(later) == PACK_PLACES
    assert world.rows("SELECT 1 FROM raw.place WHERE source = 'schools'") == []
    assert versions(world) == [("site:schools:a", run.interval_end, later.interval_end, "Verdi")]


def test_one_school_in_two_layers_is_one_place_and_worship_is_protected(world, run):
    world.add_sources(SCHOOLS, EXTRACT)
    draw(world, a=("Scuola G. Verdi", Point(SQUARE)))
    osm_pbf.write(
        world.samples / "town.osm.pbf",
        {
            1: (SQUARE[0] + 0.0002, SQUARE[1], {"amenity": "school", "name": "scuola g verdi"}),
            2: (SQUARE[0] + 0.02, SQUARE[1], {"amenity": "school", "name": "Scuola G. Verdi"}),
            3: (*SQUARE, {"amenity": "place_of_worship", "name": "Duomo"}),
        },
    )
    assert take_in_places(run) == PACK_PLACES + 3
    found = world.rows("SELECT place_id FROM raw.place WHERE source = 'extract' ORDER BY place_id")
    assert [row["place_id"] for row in found] == ["site:extract:n2", "site:extract:n3"]
    same = world.rows("SELECT same_count FROM raw.layer_version WHERE source = 'extract'")
    assert same == [{"same_count": 1}]
    with connect("analysis") as connection:
        assert "town-square" in read_modes(connection, city()).protected_zones


def test_bad_features_are_refused_by_name_and_the_rest_of_the_layer_loads(world, run):
    world.add_sources(SCHOOLS.replace("site, kind: school", "boundary, kind: precinct"))
    ring = [(11.12, 46.06), (11.13, 46.06), (11.13, 46.07), (11.12, 46.07)]
    overlap = [*ring[:3], (11.122, 46.07), (11.122, 46.062), (11.128, 46.062), (11.128, 46.075),
               (11.12, 46.075)]  # fmt: skip
    draw(
        world,
        good=("A", shapely.Polygon(ring)),
        repaired=("B", shapely.Polygon([ring[0], ring[2], ring[1], ring[3]])),
        riddle=("C", shapely.Polygon(overlap)),
        sea=("D", shapely.box(10.1, 44.0, 10.2, 44.1)),
        swapped=("E", shapely.box(46.06, 11.12, 46.07, 11.13)),
        nothing=("F", None),
        unnamed=(None, shapely.box(11.14, 46.06, 11.15, 46.07)),
    )
    assert take_in_places(run) == PACK_PLACES + 3
    assert world.quarantined("place") == {
        ("boundary:schools:riddle", "geometry_valid"),
        ("boundary:schools:sea", "west_plausible"),
        ("boundary:schools:swapped", "west_plausible"),
        ("boundary:schools:nothing", "geometry_present"),
    }
    assert world.rows("SELECT bool_and(ST_IsValid(geom)) AS ok FROM raw.place") == [{"ok": True}]
    (met,) = world.rows("SELECT * FROM raw.layer_version WHERE source = 'schools'")
    assert (met["feature_count"], met["placed_count"], met["refused_count"]) == (7, 3, 4)
    assert met["repaired_count"] == 1


def test_a_layer_that_can_t_be_used_stops_no_other_and_keeps_what_it_had(world, run):
    world.add_sources(EXTRACT, SCHOOLS)
    osm_pbf.write(
        world.samples / "town.osm.pbf", {1: (*SQUARE, {"amenity": "school", "name": "A"})}
    )
    draw(world, a=("Verdi", Point(SQUARE)))
    take_in_places(run)
    (world.samples / "town.osm.pbf").write_bytes(b"")
    assert take_in_places(run) == PACK_PLACES + 1
    assert world.outcomes("take_in_places") == {
        "test-city-pack": "ok", "extract": "quarantined", "schools": "ok",
    }  # fmt: skip
    assert ("extract", "file_not_empty") in world.quarantined("place")
    assert len(world.rows("SELECT 1 FROM raw.place WHERE source = 'extract'")) == 1
    (world.samples / "schools.gpkg").unlink()
    with pytest.raises(StepFailed, match=r"schools \(FileNotFoundError\)"):
        take_in_places(run)


def test_a_layer_whose_rows_are_all_bad_names_each(world, run):
    world.add_sources(SCHOOLS)
    draw(world, a=("Verdi", Point(0, 0)), b=("Rossini", Point(1, 1)))
    with pytest.raises(StepFailed, match=r"schools \(AllRefused\)"):
        take_in_places(run)
    assert world.quarantined("place") == {
        ("site:schools:a", "west_plausible"), ("site:schools:b", "west_plausible"),
    }  # fmt: skip


def test_a_feature_s_text_is_in_no_quarantine(world, run):
    world.add_sources(SCHOOLS)
    draw(world, a=("Zanzibar Quokka", Point(0, 0)), b=("Rossini", Point(SQUARE)))
    take_in_places(run)
    kept = json.dumps(world.rows("SELECT q::text FROM ops.quarantine AS q"))
    assert "site:schools:a" in kept
    assert "Zanzibar" not in kept
