"""The drawn files of the sample city: valid, in place, apart, consistent and small."""

import csv
import json
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from pyproj import Transformer
from shapely import transform
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).parents[2]
PACK = ROOT / "infra" / "city" / "trento"
SAMPLES = ROOT / "infra" / "samples"
TO_METRES = Transformer.from_crs(4326, 25832, always_xy=True).transform
ZONE_KINDS = {"square", "street", "park", "station", "venue", "market"}
SITE_KINDS = {
    "place_of_worship", "school", "hospital", "station", "museum", "government", "theatre",
    "university",
}  # fmt: skip
BASEMAP_KINDS = {
    "river", "railway", "main_street", "street", "park", "built", "water", "district",
}  # fmt: skip
DISTRICTS = {
    "Gardolo", "Meano", "Bondone", "Sardagna", "Ravina - Romagnano", "Argentario", "Povo",
    "Mattarello", "Villazzano", "Oltrefersina", "San Giuseppe - Santa Chiara",
    "Centro storico - Piedicastello",
}  # fmt: skip
SAMPLE_CATEGORIES = {
    "theft", "pickpocketing", "assault", "vandalism", "brawl", "noise_disorder", "drug_dealing",
    "bicycle_theft",
}  # fmt: skip


def read(name: str) -> list[tuple[dict, BaseGeometry]]:
    features = json.loads((PACK / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    return [(feature["properties"], shape(feature["geometry"])) for feature in features]


def metres(geometry: BaseGeometry) -> BaseGeometry:
    return transform(geometry, TO_METRES, interleaved=False)


def read_rows(name: str) -> list[dict[str, str]]:
    lines = (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.fixture(scope="module")
def town() -> dict:
    return yaml.safe_load((PACK / "city.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def zones() -> dict[str, tuple[dict, BaseGeometry]]:
    return {properties["zone_id"]: (properties, outline) for properties, outline in read("zones")}


@pytest.mark.parametrize("name", ["zones", "sites", "basemap"])
def test_geometry_is_valid_and_in_town(name: str, town: dict) -> None:
    bounds = box(*town["bounds"])
    features = read(name)
    assert features
    for properties, geometry in features:
        assert geometry.is_valid, properties
        # Swapped axes would put a feature at 46 degrees east, far outside.
        assert bounds.contains(geometry), properties


def test_the_centre_is_in_the_cathedral_square(town: dict, zones: dict) -> None:
    centre = shape({"type": "Point", "coordinates": town["centre"]})
    assert metres(zones["piazza-duomo"][1]).distance(metres(centre)) < 100


@pytest.mark.parametrize(("name", "key"), [("zones", "zone_id"), ("sites", "site_id")])
def test_identifiers_are_unique(name: str, key: str) -> None:
    identifiers = [properties[key] for properties, _ in read(name)]
    assert len(identifiers) == len(set(identifiers))


def test_zones_lie_apart(zones: dict) -> None:
    outlines = {zone_id: metres(outline) for zone_id, (_, outline) in zones.items()}
    overlaps = {
        (one, other): outlines[one].intersection(outlines[other]).area
        for one, other in combinations(outlines, 2)
    }
    assert {pair for pair, area_m2 in overlaps.items() if area_m2 > 5} == set()


def test_zones_are_wide_enough_to_be_seen(zones: dict) -> None:
    for zone_id, (_, outline) in zones.items():
        # A strip 11 m wide survives a shrink of 5.5 m on both sides; the drawn ones have 12 m.
        assert not metres(outline).buffer(-5.5).is_empty, zone_id


def test_zone_properties_are_known(zones: dict) -> None:
    for properties, outline in zones.values():
        assert outline.geom_type == "Polygon"
        assert properties["kind"] in ZONE_KINDS
        assert properties["district"] in DISTRICTS
        assert isinstance(properties["is_pedestrian"], bool)


def test_districts_are_complete_and_hold_their_zones(zones: dict) -> None:
    districts = {p["name"]: outline for p, outline in read("basemap") if p["kind"] == "district"}
    assert set(districts) == DISTRICTS
    for properties, outline in zones.values():
        assert districts[properties["district"]].contains(outline.centroid), properties["zone_id"]


def test_sites_name_the_zone_they_are_near(zones: dict) -> None:
    for properties, point in read("sites"):
        assert properties["kind"] in SITE_KINDS
        distances = {key: metres(outline).distance(metres(point))
                     for key, (_, outline) in zones.items()}  # fmt: skip
        nearest = min(distances, key=distances.__getitem__)
        assert properties["zone_id"] == (nearest if distances[nearest] <= 250 else None)


def test_basemap_has_every_kind_and_is_small() -> None:
    assert {properties["kind"] for properties, _ in read("basemap")} == BASEMAP_KINDS
    assert all(set(properties) == {"kind", "name"} for properties, _ in read("basemap"))
    assert (PACK / "basemap.geojson").stat().st_size < 300_000
    assert (PACK / "zones.geojson").stat().st_size < 50_000


def test_report_recipients_name_real_districts(town: dict) -> None:
    named = [entry["districts"] for entry in town["report_recipients"]]
    assert set().union(*(names for names in named if names != "all")) <= DISTRICTS


def test_incident_categories_carry_a_code_and_both_labels() -> None:
    categories = yaml.safe_load((PACK / "incident_categories.yaml").read_text(encoding="utf-8"))
    assert set(categories) == SAMPLE_CATEGORIES
    for category, entry in categories.items():
        # ICCS codes have two digits per section and division, then one per deeper level.
        assert entry["iccs"].isdigit(), category
        assert 4 <= len(entry["iccs"]) <= 6, category
        assert set(entry["label"]) == {"it", "en"}


def test_sample_incidents_lie_in_a_zone_and_know_no_person(zones: dict) -> None:
    rows = read_rows("incidents.csv")
    assert len(rows) == 600
    assert set(rows[0]) == {
        "source_id", "days_before_anchor", "time_from", "time_to", "category", "longitude",
        "latitude", "accuracy_m", "found_by",
    }  # fmt: skip
    assert {row["category"] for row in rows} == SAMPLE_CATEGORIES
    assert {row["found_by"] for row in rows} == {"reported", "patrol"}
    assert len({row["source_id"] for row in rows}) == 600
    areas = [metres(outline).buffer(2) for _, outline in zones.values()]
    for row in rows:
        place = [float(row["longitude"]), float(row["latitude"])]
        point = metres(shape({"type": "Point", "coordinates": place}))
        assert any(area.contains(point) for area in areas), row["source_id"]


def test_sample_calendar_names_real_zones(zones: dict) -> None:
    rows = read_rows("calendar.csv")
    assert len(rows) >= 15
    assert {row["zone_id"] for row in rows} <= set(zones)
    assert {"market", "match", "demonstration"} <= {row["kind"] for row in rows}
