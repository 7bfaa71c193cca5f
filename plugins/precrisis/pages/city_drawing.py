"""The city's own base map as one inline SVG for the control-room page: no tile, no outside request.

Ground is EPSG:25832 metres, as in map_picture; SVG units are whole metres, y downwards.
"""

from dataclasses import dataclass
from functools import lru_cache

from pyproj import Transformer
from shapely import clip_by_rect, transform
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from precrisis.city import City, city

KINDS = ("built", "park", "water", "river", "street", "main_street", "railway")  # as drawn
MARGIN = 0.07  # of the zones' extent, on each side
FINE_M = 1.5  # what is smaller is not seen on a wall
WIDE = 1.18  # width to height of the page's room for the map
Bounds = tuple[float, float, float, float]
_TO_METRES = Transformer.from_crs(4326, 25832, always_xy=True).transform


@dataclass(frozen=True)
class Shape:
    """One kind of the background: its class in the page's style sheet, its SVG path data."""

    kind: str
    path: str


@dataclass(frozen=True)
class Place:
    """A zone on the sheet: its outline, and where its number and name stand."""

    zone_id: str
    name: str
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """The sheet: its size in metres, the background in drawing order, the zones by their id."""

    width: int
    height: int
    background: list[Shape]
    places: dict[str, Place]


@lru_cache(maxsize=1)
def city_drawing() -> Drawing:
    """Return the drawing of this process's city pack."""
    return draw(city())


def draw(the_city: City) -> Drawing:
    """Draw what lies around a city's zones."""
    zones = [(zone, _metres(zone.geometry)) for zone in the_city.zones]
    view = _view(unary_union([outline for _, outline in zones]).bounds)
    return Drawing(
        width=round(view[2] - view[0]),
        height=round(view[3] - view[1]),
        background=[Shape(kind, _background(the_city, kind, view)) for kind in KINDS],
        places={zone.zone_id: _place(zone.zone_id, zone.name, o, view) for zone, o in zones},
    )


def _view(bounds: Bounds) -> Bounds:
    """What lies around the zones, in the shape of the page's room for it."""
    west, south, east, north = bounds
    height = max(north - south, (east - west) / WIDE) * (1 + 2 * MARGIN)
    x, y = (west + east) / 2, (south + north) / 2
    half = height * WIDE / 2
    return x - half, y - height / 2, x + half, y + height / 2


def _background(the_city: City, kind: str, view: Bounds) -> str:
    shapes = [_metres(part.geometry) for part in the_city.basemap if part.kind == kind]
    return "".join(_path(clip_by_rect(shape, *view), view) for shape in shapes)


def _place(zone_id: str, name: str, outline: BaseGeometry, view: Bounds) -> Place:
    point = outline.representative_point()
    return Place(zone_id, name, _path(outline, view), *_pixel(point.x, point.y, view))


def _path(shape: BaseGeometry, view: Bounds) -> str:
    """SVG path data of a line or an area, whatever it is made of."""
    parts = getattr(shape.simplify(FINE_M), "geoms", None) or [shape.simplify(FINE_M)]
    rings = [
        (ring.coords, part.geom_type == "Polygon")
        for part in parts
        if not part.is_empty
        for ring in ([part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part])
    ]
    return "".join(
        "M" + "L".join("{} {}".format(*_pixel(x, y, view)) for x, y, *_ in coords) + "Z" * is_area
        for coords, is_area in rings
    )


def _pixel(x: float, y: float, view: Bounds) -> tuple[int, int]:
    return round(x - view[0]), round(view[3] - y)


def _metres(geometry: BaseGeometry) -> BaseGeometry:
    return transform(geometry, _TO_METRES, interleaved=False)
