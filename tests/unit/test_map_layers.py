"""Layers of every format become the same places; what can't be one is refused in clear words."""

import json
import zipfile
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon

from precrisis.city import read_city
from precrisis.maps.layer import Layer
from precrisis.maps.mending import mended
from precrisis.maps.reading import read_features
from precrisis.maps.rows import layer_rows
from precrisis.maps.sameness import Known, flat, plain
from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from tests import osm_pbf

ROOT = Path(__file__).parents[2]
BOUNDS = (11.02, 45.97, 11.20, 46.16)
SCHOOL, MUSEUM = Point(11.1215, 46.0673), Point(11.13, 46.06)
YARD = shapely.box(11.120, 46.066, 11.122, 46.068)
BOW_TIE = Polygon([(11.12, 46.06), (11.13, 46.07), (11.13, 46.06), (11.12, 46.07), (11.12, 46.06)])
# The outline overlaps itself: is that part in twice, or out?
OVERLAP = Polygon(
    [(11.10, 46.00), (11.14, 46.00), (11.14, 46.04), (11.11, 46.04), (11.11, 46.01),
     (11.13, 46.01), (11.13, 46.05), (11.10, 46.05)]
)  # fmt: skip
LAYER = Layer(
    becomes="site", kind_column="type", kinds={"S": "school", "M": "museum"}, key="code",
    name="name", attributes=["rooms"],
)  # fmt: skip


@pytest.fixture
def the_city(monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "/nowhere")
    return read_city(ROOT / "tests" / "city")


def source(layer: Layer = LAYER, address: str = "/nowhere") -> Source:
    return Source(
        source_id="schools", noun="place", kind="map_layer", address=address, purpose_id="maps",
        layer=layer,
    )  # fmt: skip


def frame(*geometries, crs: int | None = 4326) -> gpd.GeoDataFrame:
    every = range(len(geometries))
    columns = {
        "code": every,
        "name": [f"Scuola {n}" for n in every],
        "rooms": [12.0 for _ in every],
        "type": ["S" for _ in every],
        "owner": ["Mario Rossi" for _ in every],
    }
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=crs)


def rows(the_city, address: Path, layer: Layer = LAYER, met: Counter | None = None) -> list[dict]:
    features = read_features(str(address), layer, the_city.bounds)
    return layer_rows(the_city, source(layer), features, Counter() if met is None else met)


@pytest.mark.parametrize("crs", [4326, 25832, 3003], ids=["degrees", "UTM 32", "Rome 1940"])
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".zip"])
def test_every_format_and_reference_system_gives_the_same_place(the_city, tmp_path, ending, crs):
    file = tmp_path / f"layer{ending}"
    drawn = frame(SCHOOL).to_crs(crs)
    if ending == ".zip":
        drawn.to_file(tmp_path / "inside.shp")
        with zipfile.ZipFile(file, "w") as archive:
            for part in tmp_path.glob("inside.*"):
                archive.write(part, f"export/{part.name}")
    else:
        drawn.to_file(file)
    (row,) = rows(the_city, file)
    assert row["geom"].distance(SCHOOL) < 1e-6
    assert {**row, "geom": None} == {
        "place_id": "site:schools:0", "kind": "site", "name": "Scuola 0", "source": "schools",
        "geom": None,
        "attributes": {
            "rooms": 12.0, "kind": "school", "zone_id": "town-square", "site_id": "schools:0",
        },
    }  # fmt: skip
    assert shapely.get_srid(row["geom"]) == 4326


def test_an_openstreetmap_extract_gives_nodes_and_areas(the_city, tmp_path):
    file = tmp_path / "town.osm.pbf"
    corners = dict(enumerate(YARD.exterior.coords[:4], start=1))
    osm_pbf.write(
        file,
        {n: (*xy, {}) for n, xy in corners.items()}
        | {
            10: (11.13, 46.06, {"amenity": "school", "name": "Scuola Verdi", "phone": "0461"}),
            11: (11.13, 46.061, {"amenity": "bench"}),
            12: (11.30, 46.06, {"amenity": "school", "name": "Elsewhere"}),
        },
        {20: ([1, 2, 3, 4, 1], {"amenity": "place_of_worship", "name": "Duomo"})},
    )
    layer = Layer(
        becomes="site", kind_column="amenity", key="osm", name="name",
        kinds={"school": "school", "place_of_worship": "place_of_worship"},
    )  # fmt: skip
    met = Counter()
    found = {row["place_id"]: row for row in rows(the_city, file, layer, met)}
    assert set(found) == {"site:schools:n10", "site:schools:w20"}
    assert met["of_other_kinds"] == 1  # the bench; what lies outside the box is not read
    duomo = found["site:schools:w20"]
    assert (duomo["name"], duomo["attributes"]["kind"]) == ("Duomo", "place_of_worship")
    assert YARD.contains(duomo["geom"])
    assert "0461" not in str(found)


def test_streets_of_an_extract_are_lines(the_city, tmp_path):
    file = tmp_path / "town.osm.pbf"
    nodes = {1: (11.12, 46.06, {}), 2: (11.13, 46.07, {})}
    osm_pbf.write(file, nodes, {7: ([1, 2], {"highway": "residential"})})
    layer = Layer(
        becomes="street", kind_column="highway", kinds={"residential": "street"}, key="osm"
    )
    (row,) = rows(the_city, file, layer)
    assert (row["place_id"], row["name"]) == ("street:schools:w7", "street")
    assert row["geom"].equals(LineString([(11.12, 46.06), (11.13, 46.07)]))


def test_an_extract_without_a_tag_to_look_for_is_refused(tmp_path):
    osm_pbf.write(tmp_path / "a.osm.pbf", {1: (11.12, 46.06, {"amenity": "school"})})
    assert refused(tmp_path / "a.osm.pbf", Layer(becomes="site", kind="x")).rule == "columns_known"


def test_columns_that_are_not_named_are_not_read(the_city, tmp_path):
    frame(SCHOOL).to_file(tmp_path / "a.gpkg")
    (feature,) = read_features(str(tmp_path / "a.gpkg"), LAYER, BOUNDS)
    assert set(feature.values) == {"code", "name", "type", "rooms"}


def test_features_of_other_kinds_are_counted_and_left(the_city, tmp_path):
    drawn = frame(SCHOOL, MUSEUM, MUSEUM)
    drawn["type"] = ["S", "M", "X"]
    drawn.to_file(tmp_path / "a.gpkg")
    met = Counter()
    kinds = [row["attributes"]["kind"] for row in rows(the_city, tmp_path / "a.gpkg", met=met)]
    assert (kinds, met["of_other_kinds"]) == (["school", "museum"], 1)


def refused(address: Path, layer: Layer = LAYER) -> Refused:
    with pytest.raises(Refused) as caught:
        read_features(str(address), layer, BOUNDS)
    return caught.value


def test_a_shapefile_without_its_reference_system_is_refused_until_it_is_stated(the_city, tmp_path):
    frame(SCHOOL).to_crs(25832).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    assert refused(tmp_path / "a.shp").rule == "crs_known"
    stated = LAYER.model_copy(update={"crs": "EPSG:25832"})
    (row,) = rows(the_city, tmp_path / "a.shp", stated)
    assert row["geom"].distance(SCHOOL) < 1e-6


def test_a_reference_system_that_nobody_knows_is_refused(tmp_path):
    frame(SCHOOL).to_file(tmp_path / "a.gpkg")
    unknown = LAYER.model_copy(update={"crs": "EPSG:999999"})
    assert refused(tmp_path / "a.gpkg", unknown).rule == "crs_known"


def test_a_column_or_layer_that_is_not_there_is_named_with_those_that_are(tmp_path):
    frame(SCHOOL).to_file(tmp_path / "a.gpkg", layer="schools")
    frame(SCHOOL).to_file(tmp_path / "a.gpkg", layer="museums")
    assert str(refused(tmp_path / "a.gpkg")) == (
        "layer_known: name one of its layers as `layer`: schools, museums"
    )
    wrong = LAYER.model_copy(update={"layer": "schools", "key": "number"})
    assert "no column ['number']; its columns are ['code'" in str(
        refused(tmp_path / "a.gpkg", wrong)
    )


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.geojson", b"", "file_not_empty"),
        ("a.gpkg", b"<OGRVRTDataSource><OGRVRTLayer/>", "file_readable"),
        ("a.geojson", b"<OGRVRTDataSource/>", "file_readable"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "file_readable"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(200), "file_readable"),
        ("a.osm.pbf", b"\0\0\0\x0eno header at all", "file_readable"),
        ("a.zip", b"PK no zip", "file_readable"),
        ("a.vrt", b"<OGRVRTDataSource/>", "file_readable"),
    ],
)
def test_a_file_that_is_not_what_it_is_named_is_refused(tmp_path, name, content, rule):
    (tmp_path / name).write_bytes(content)
    refusal = refused(tmp_path / name)
    assert refusal.rule == rule
    assert str(tmp_path) not in str(refusal)


@pytest.mark.parametrize("names", [(), ("a.geojson", "b.geojson")])
def test_a_zip_holds_one_layer(tmp_path, names):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    assert f"holds {len(names)} layer files" in str(refused(tmp_path / "a.zip"))


def test_a_layer_without_features_is_refused(the_city, tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    layer = Layer(becomes="site", kind="school")
    with pytest.raises(Refused, match="layer_not_empty"):
        rows(the_city, tmp_path / "a.geojson", layer)


def test_a_slip_of_the_pen_is_repaired_and_a_riddle_is_not():
    assert not shapely.is_valid(BOW_TIE)
    repaired = mended(BOW_TIE, 0.02)
    assert shapely.is_valid(repaired)
    assert repaired.area == pytest.approx(0.01 * 0.01 / 2)
    assert mended(OVERLAP, 0.02) is None
    assert mended(YARD, 0.02) is YARD
    spike = Polygon([*YARD.exterior.coords[:2], (11.3, 46.068), *YARD.exterior.coords[1:]])
    assert mended(spike, 0.02).equals(YARD)


def test_what_a_layer_of_the_region_draws_outside_is_left_and_across_the_edge_is_cut(
    the_city, tmp_path
):
    drawn = frame(shapely.box(11.15, 46.0, 11.25, 46.1), shapely.box(12, 46, 13, 47))
    drawn.to_file(tmp_path / "a.gpkg")
    layer = Layer(becomes="boundary", kind="municipality", key="code", reaches_beyond=True)
    met = Counter()
    (row,) = rows(the_city, tmp_path / "a.gpkg", layer, met)
    assert row["geom"].bounds == pytest.approx((11.15, 46.0, 11.20, 46.1))
    assert (met["outside"], met["cut"]) == (1, 1)


def test_a_layer_that_lies_wholly_elsewhere_is_refused_with_what_to_look_at(the_city, tmp_path):
    frame(Point(46.06, 11.12), Point(46.07, 11.12)).to_file(tmp_path / "a.gpkg")
    layer = LAYER.model_copy(update={"reaches_beyond": True})
    with pytest.raises(Refused, match=r"all 2 features lie outside the city's box; look at `crs`"):
        rows(the_city, tmp_path / "a.gpkg", layer)


def test_names_are_the_same_without_accents_capitals_and_points():
    def named(name: str) -> str:
        return plain({"name": name, "attributes": {"kind": "school"}})

    assert named("Scuola «G. Verdi»") == named("SCUOLA G.VERDI") != named("Scuola Rossini")
    assert named("Caffè") == named("caffe")


def test_a_street_is_the_same_only_where_all_of_it_is():
    def street(*points) -> dict:
        return {"name": "Via Verdi", "attributes": {"kind": "street"}, "geom": LineString(points)}

    start, end, further = (11.12, 46.06), (11.121, 46.06), (11.13, 46.06)
    lines = [flat(street(start, end)["geom"], 46)]
    known = Known(np.array([plain(street(start, end))], object), shapely.STRtree(lines), 46)
    assert known.has(street((11.12, 46.0601), (11.121, 46.0601)), 30)
    assert not known.has(street(start, further), 30)
    assert not known.has(street(end, further), 30)
    assert not known.has(street(start, end) | {"name": "Via Rossini"}, 30)
    none = Known(np.array([], object), shapely.STRtree([]), 46)
    assert not none.has(street(start, end), 30)


@pytest.mark.parametrize(
    "change",
    [{"kind": "school"}, {"kind_column": None}, {"kinds": {}}, {"becomes": "zone"},
     {"crs": "WGS 84"}, {"colour": "red"}],
)  # fmt: skip
def test_a_layer_that_does_not_say_what_it_is_is_no_layer(change):
    with pytest.raises(ValueError, match="validation error"):
        Layer(**(LAYER.model_dump() | change))
