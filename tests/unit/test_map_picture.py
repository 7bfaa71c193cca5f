"""A still map: right size, readable PNG, and the zone that matters stands out."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer
from shapely.geometry import shape

from precrisis.map_picture import zone_map
from precrisis.map_sheet import new_sheet

PACK = Path(__file__).parents[2] / "infra" / "city" / "trento"


def features(name: str) -> list[SimpleNamespace]:
    collection = json.loads((PACK / f"{name}.geojson").read_text(encoding="utf-8"))
    return [
        SimpleNamespace(**feature["properties"], geometry=shape(feature["geometry"]))
        for feature in collection["features"]
    ]


@pytest.fixture(scope="module")
def town() -> SimpleNamespace:
    return SimpleNamespace(
        language="it",
        map_credit="© OpenStreetMap contributors",
        zones=features("zones"),
        basemap=features("basemap"),
    )


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize("size", [(640, 420), (900, 500), (333, 251)])
@pytest.mark.parametrize("zone_id", ["piazza-dante", "via-belenzani", None])
def test_is_a_png_of_the_size_asked_for(town, zone_id, size) -> None:
    png = zone_map(town, zone_id, *size, risk={"piazza-dante": 70.0})
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == size


def test_the_highlighted_zone_looks_different(town) -> None:
    plain = pixels(zone_map(town, None, 640, 420))
    marked = pixels(zone_map(town, None, 640, 420, highlight=["piazza-fiera"]))
    ys, xs = np.nonzero(np.abs(plain - marked).sum(axis=2) > 60)
    assert len(xs) > 150
    # The outline lies where the zone is; the label and those it displaces may lie elsewhere.
    west, south, east, north = _on_sheet(town, "piazza-fiera", 640, 420)
    is_on_zone = (xs > west - 4) & (xs < east + 4) & (ys > north - 4) & (ys < south + 4)
    assert is_on_zone.sum() > 60


def _on_sheet(town, zone_id: str, width: int, height: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a zone in image pixels, y down."""
    project = Transformer.from_crs(4326, 25832, always_xy=True).transform_bounds
    outlines = {zone.zone_id: project(*zone.geometry.bounds) for zone in town.zones}
    areas = [SimpleNamespace(bounds=bounds) for bounds in outlines.values()]
    sheet = new_sheet(areas, width, height, "#ffffff")
    left, bottom, _, _ = sheet.view.bounds
    west, south, east, north = outlines[zone_id]
    scale = 1 / sheet.metres_per_px
    return (
        (west - left) * scale, height - (south - bottom) * scale,
        (east - left) * scale, height - (north - bottom) * scale,
    )  # fmt: skip


def test_a_higher_risk_is_darker(town) -> None:
    def middle(index: float) -> int:
        picture = pixels(zone_map(town, "piazza-dante", 640, 420, {"piazza-dante": index}))
        return picture[240, 320].sum()

    shades = [middle(index) for index in (0, 30, 60, 100)]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 4


def test_out_of_scale_risk_is_drawn_as_the_nearest_bound(town) -> None:
    assert zone_map(town, "muse", 320, 240, {"muse": 140.0}).startswith(b"\x89PNG")


def test_same_map_same_bytes(town) -> None:
    risk = {"via-verdi": 40.0}
    assert zone_map(town, "via-verdi", 320, 240, risk) == zone_map(
        town, "via-verdi", 320, 240, risk
    )


def test_an_unknown_zone_is_named_in_the_error(town) -> None:
    with pytest.raises(ValueError, match="atlantide"):
        zone_map(town, "atlantide", 320, 240)
