"""Same-origin pictures for Superset: the base map's tiles, the logo and the map's legend.

Served by Superset itself, so the map needs no key, no foreign host and no hole in the content
security policy.
"""

import os
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

import basemap
import drawing
import yaml
from flask import Blueprint, Response, abort

blueprint = Blueprint("tiles", __name__)
brand = Blueprint("brand", __name__)

_BRAND = Path(__file__).parent / "brand"
_ZOOMS = range(9, 20)
_DAY_S = 86_400


def _pack() -> Path:
    pack = os.environ.get("PRECRISIS_CITY_PACK", "")
    if not pack:
        raise RuntimeError("PRECRISIS_CITY_PACK is not set: give the folder of the city pack")
    return Path(pack)


@lru_cache(maxsize=1)
def _city() -> drawing.CityDrawing:
    return drawing.CityDrawing(basemap.read(_pack() / "basemap.geojson"))


@lru_cache(maxsize=1)
def _map_credit() -> str:
    """Whose data the base map was drawn from, as its licence asks to show."""
    city = yaml.safe_load((_pack() / "city.yaml").read_text(encoding="utf-8"))
    return escape(city["map_credit"])


@lru_cache(maxsize=2048)
def _tile(z: int, x: int, y: int) -> bytes:
    return _city().tile_png(z, x, y)


def _cached(body: bytes, mimetype: str) -> Response:
    return Response(body, mimetype=mimetype, headers={"Cache-Control": f"public, max-age={_DAY_S}"})


@blueprint.route("/tiles/<int:z>/<int:x>/<int:y>.png")
def tile(z: int, x: int, y: int) -> Response:
    """One 256-point tile, drawn with 512 pixels so that it stays sharp between zooms."""
    if z not in _ZOOMS or not (0 <= x < 2**z and 0 <= y < 2**z):
        abort(404)
    return _cached(_tile(z, x, y), "image/png")


@brand.route("/brand/<name>.svg")
def picture(name: str) -> Response:
    """One of our own pictures; the name must be a file of the brand folder."""
    known = {path.stem: path for path in _BRAND.glob("*.svg")}
    if name not in known:
        abort(404)
    drawing_text = known[name].read_text(encoding="utf-8")
    drawing_text = drawing_text.replace("{map_credit}", _map_credit())
    return _cached(drawing_text.encode(), "image/svg+xml")
