"""The city pack's hand-drawn background, projected once to Web Mercator unit coordinates.

Unit coordinates run 0..1 from west to east and north to south over the whole world, so a point's
pixel at zoom z is the unit coordinate times 256 * 2**z.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

Point = tuple[float, float]


@dataclass(frozen=True)
class Feature:
    """One shape of the background: its kind, its name, its lines or rings in unit coordinates."""

    kind: str
    name: str
    is_area: bool
    paths: tuple[tuple[Point, ...], ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, north, east, south in unit coordinates."""
        xs = [x for path in self.paths for x, _ in path]
        ys = [y for path in self.paths for _, y in path]
        return min(xs), min(ys), max(xs), max(ys)


def unit(longitude: float, latitude: float) -> Point:
    """Project EPSG:4326 degrees to unit coordinates."""
    sine = math.sin(math.radians(latitude))
    return (
        longitude / 360 + 0.5,
        0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi),
    )


def read(path: Path) -> list[Feature]:
    """Read a GeoJSON FeatureCollection; features without lines or areas are left out."""
    collection = json.loads(path.read_text(encoding="utf-8"))
    features = [_feature(item) for item in collection["features"]]
    return [feature for feature in features if feature.paths]


def _feature(item: dict) -> Feature:
    geometry = item["geometry"]
    properties = item["properties"]
    return Feature(
        kind=properties["kind"],
        name=properties.get("name") or "",
        is_area=geometry["type"].endswith("Polygon"),
        paths=tuple(tuple(unit(*point[:2]) for point in path) for path in _paths(geometry)),
    )


def _paths(geometry: dict) -> list:
    """Lines as they are; of areas the outer rings only, the drawing needs no holes."""
    coordinates = geometry["coordinates"]
    return {
        "LineString": lambda: [coordinates],
        "MultiLineString": lambda: coordinates,
        "Polygon": lambda: coordinates[:1],
        "MultiPolygon": lambda: [polygon[0] for polygon in coordinates],
    }.get(geometry["type"], list)()
