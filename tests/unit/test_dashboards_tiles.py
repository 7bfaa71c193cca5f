"""The base map's tiles: right place, right size, same picture each time."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

SUPERSET = Path(__file__).parents[2] / "infra" / "superset"
WATER, GROUND = (197, 221, 233), (245, 244, 240)


@pytest.fixture
def drawing(monkeypatch):
    monkeypatch.syspath_prepend(str(SUPERSET))
    import drawing

    return drawing


@pytest.fixture
def lake(drawing, tmp_path):
    """A lake that covers the eastern half of tile 14/8698/5822."""
    import basemap

    ring = [[11.1292, 46.04], [11.16, 46.04], [11.16, 46.09], [11.1292, 46.09], [11.1292, 46.04]]
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"kind": "water", "name": ""},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        ],
    }
    path = tmp_path / "basemap.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    return drawing.CityDrawing(basemap.read(path))


def _tile(city, z, x, y) -> Image.Image:
    return Image.open(io.BytesIO(city.tile_png(z, x, y)))


def test_a_tile_shows_its_own_part_of_the_city(drawing, lake):
    import basemap

    x, y = (int(unit * 2**14) for unit in basemap.unit(11.1292, 46.065))
    image = _tile(lake, 14, x, y)
    edge = basemap.unit(11.1292, 46.065)[0] * 2**14 % 1 * drawing.TILE_PX
    assert image.size == (512, 512)
    assert image.getpixel((min(511, int(edge) + 6), 256)) == WATER
    assert image.getpixel((max(0, int(edge) - 6), 256)) == GROUND


def test_a_tile_far_away_is_bare_ground(lake):
    assert _tile(lake, 14, 0, 0).getcolors() == [(512 * 512, GROUND)]


def test_the_same_tile_is_the_same_picture(lake):
    assert lake.tile_png(14, 8698, 5822) == lake.tile_png(14, 8698, 5822)


def test_names_keep_clear_of_each_other(drawing):
    import basemap
    import labels

    street = ((0.53, 0.36), (0.5301, 0.36))
    features = [basemap.Feature("street", name, False, (street,)) for name in ("Via A", "Via B")]
    assert [label.text for label in labels.place(features, 16, 512)] == ["Via A"]


def test_a_name_longer_than_its_street_stays_away(drawing):
    import basemap
    import labels

    street = ((0.53, 0.36), (0.530000001, 0.36))
    assert labels.place([basemap.Feature("street", "Via Lunga", False, (street,))], 16, 512) == []


def test_the_citys_own_basemap_is_drawn(drawing):
    import basemap

    pack = SUPERSET.parent / "city" / "trento"
    city = drawing.CityDrawing(basemap.read(pack / "basemap.geojson"))
    x, y = (int(unit * 2**15) for unit in basemap.unit(11.1212, 46.0672))
    assert len(_tile(city, 15, x, y).getcolors(maxcolors=100_000)) > 50
