"""Zones of a grid: they fill the city once, keep their names, and leave drawn zones alone."""

import os
from pathlib import Path

import pyproj
import pytest
import shapely
from shapely import Polygon, box

from precrisis.city import read_city
from precrisis.maps.grid import ZoneGrid, grid_zones
from precrisis.pack.part import CityPackError

ROOT = Path(__file__).parents[2]
TO_PLANE = pyproj.Transformer.from_crs(4326, 3035, always_xy=True)
EAST, WEST = box(11.12, 46.06, 11.14, 46.08), box(11.10, 46.06, 11.12, 46.08)
DISTRICTS = {"East": EAST, "West": WEST}
SQUARE = box(11.121, 46.066, 11.123, 46.068)


def metres(geometry):
    return shapely.transform(geometry, TO_PLANE.transform, interleaved=False)


def laid(cell_m: int = 200, drawn=(SQUARE,), districts=DISTRICTS, **changes) -> dict[str, Polygon]:
    zones = grid_zones(ZoneGrid(cell_m=cell_m, **changes), districts, list(drawn))
    found = {zone["zone_id"]: zone["geometry"] for zone in zones}
    assert len(found) == len(zones)
    return found


def test_the_grid_fills_the_city_once_but_for_what_is_drawn_and_slivers():
    cells = [metres(cell) for cell in laid().values()]
    city, square = metres(shapely.union_all([EAST, WEST])), metres(SQUARE)
    covered = shapely.union_all(cells)
    assert sum(cell.area for cell in cells) == pytest.approx(covered.area, rel=1e-5)
    assert covered.area == pytest.approx(city.area - square.area, rel=0.01)
    assert covered.difference(city.buffer(0.1)).is_empty
    assert covered.intersection(square).area < 5  # m2, where edges are rounded
    assert all(cell.is_valid and cell.geom_type == "Polygon" for cell in cells)
    assert min(cell.area for cell in cells) > 0.1 * 200**2 - 5
    assert max(cell.area for cell in cells) == pytest.approx(200**2, rel=1e-4)


def test_a_cell_is_named_by_its_corner_and_district_and_keeps_both_when_the_edge_moves():
    before = laid(drawn=())
    smaller = {"East": EAST.intersection(box(11, 46, 11.135, 46.09)), "West": WEST}
    after = laid(drawn=(), districts=smaller)
    assert set(after) < set(before)
    assert laid(drawn=()) == before
    zones = grid_zones(ZoneGrid(cell_m=200), DISTRICTS, [])
    for zone in zones:
        south, west = (int(part[1:]) for part in zone["zone_id"].split("-")[1:3])
        assert (south % 200, west % 200) == (0, 0)
        inside = metres(zone["geometry"].representative_point())
        assert west <= inside.x <= west + 200
        assert south <= inside.y <= south + 200
        assert zone["name"] == f"{zone['district']} {south} N {west} E"
        shares = {n: zone["geometry"].intersection(d).area for n, d in DISTRICTS.items()}
        assert zone["district"] == max(shares, key=shares.get)


def test_a_cell_that_a_drawn_zone_cuts_in_two_is_two_zones():
    across = box(11.1, 46.0699, 11.14, 46.0701)  # about 22 m high, through a row of cells
    found = laid(drawn=(across,), least_share=0.01)
    twice = {key.removesuffix("-2") for key in found if key.endswith("-2")}
    assert twice
    assert all(found[key].area >= found[f"{key}-2"].area for key in twice)


@pytest.mark.parametrize("cell_m", [99, 301])
def test_cells_are_100_to_300_m(cell_m):
    with pytest.raises(ValueError, match="cell_m"):
        ZoneGrid(cell_m=cell_m)


def test_a_grid_without_end_is_refused():
    with pytest.raises(ValueError, match="take larger ones"):
        laid(100, districts={"Region": box(10, 45, 12, 47)}, drawn=())


def test_a_pack_without_districts_can_lay_none():
    with pytest.raises(ValueError, match="kind 'district'"):
        laid(districts={})


@pytest.fixture
def pack(tmp_path, monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "/nowhere")
    for file in (ROOT / "tests" / "city").iterdir():
        os.symlink(file, tmp_path / file.name)
    city = (tmp_path / "city.yaml").read_text()
    (tmp_path / "city.yaml").unlink()

    def write(line: str):
        (tmp_path / "city.yaml").write_text(f"{city}\n{line}\n")
        return read_city(tmp_path)

    return write


def test_a_pack_with_a_grid_has_its_cells_beside_the_zones_it_draws(pack):
    the_city = pack("zone_grid: {cell_m: 200}")
    kinds = [zone.kind for zone in the_city.zones]
    assert kinds.count("cell") == len(kinds) - 3 > 20
    assert the_city.zone("town-square").kind == "square"
    assert {zone.district for zone in the_city.zones} == {"Old Town", "Riverside"}


def test_a_grid_that_is_none_is_named(pack):
    with pytest.raises(CityPackError, match="cell_m"):
        pack("zone_grid: {cell_m: 20}")
