"""Draws the base map's tiles with Pillow: a light, quiet background that leaves colour to risk."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import labels
from basemap import Feature
from PIL import Image, ImageDraw

TILE_PX = 512
_SMOOTHING = 2  # drawn larger, then reduced: Pillow's lines have no anti-aliasing
_GROUND = "#f5f4f0"


@dataclass(frozen=True)
class Style:
    """How one kind is drawn; widths in metres on the ground, never under a pixel."""

    fill: str
    width_m: float = 0
    casing: str | None = None
    first_zoom: int = 0


# In drawing order: what comes later lies on top.
_STYLES = {
    "built": Style("#ebe8e1"),
    "park": Style("#dbe8d2"),
    "water": Style("#c5dde9"),
    "river": Style("#c5dde9", width_m=55),
    "street": Style("#ffffff", width_m=7, casing="#dedad0", first_zoom=13),
    "main_street": Style("#ffffff", width_m=13, casing="#d3cec2"),
    "railway": Style("#b9b6ae", width_m=4),
    "district": Style("#cfcabf", width_m=2),
}


class CityDrawing:
    """A city's background, ready to be cut into tiles."""

    def __init__(self, features: list[Feature]) -> None:
        self._features = [(feature, feature.box) for feature in features]
        self._labels: dict[int, list[labels.Label]] = {}

    def tile_png(self, z: int, x: int, y: int) -> bytes:
        """Return tile z/x/y (slippy-map scheme) as PNG of TILE_PX by TILE_PX pixels."""
        side = TILE_PX * _SMOOTHING
        canvas = Image.new("RGB", (side, side), _GROUND)
        pen = _Pen(ImageDraw.Draw(canvas), z, x, y, side)
        for kind, style in _STYLES.items():
            if z >= style.first_zoom:
                self._draw_kind(pen, kind, style)
        image = canvas.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
        self._draw_labels(image, z, x, y)
        return _png(image)

    def _draw_kind(self, pen: "_Pen", kind: str, style: Style) -> None:
        shown = [f for f, box in self._features if f.kind == kind and pen.touches(box)]
        if style.casing:
            for feature in shown:
                pen.stroke(feature, style.casing, style.width_m, extra_px=3)
        for feature in shown:
            if feature.is_area and (not style.width_m or kind == "river"):
                pen.fill(feature, style.fill)
            else:
                pen.stroke(feature, style.fill, style.width_m)

    def _draw_labels(self, image: Image.Image, z: int, x: int, y: int) -> None:
        if z not in self._labels:
            self._labels[z] = labels.place([f for f, _ in self._features], z, TILE_PX)
        labels.draw(image, self._labels[z], (x * TILE_PX, y * TILE_PX))


class _Pen:
    """Turns unit coordinates into pixels of one tile and draws there."""

    def __init__(self, draw: ImageDraw.ImageDraw, z: int, x: int, y: int, side: int) -> None:
        self._draw, self._scale, self._side = draw, side * 2**z, side
        self._west, self._north = x * side, y * side
        latitude = math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / 2**z)))
        self._px_per_m = self._scale / (40_075_017 * math.cos(latitude))

    def touches(self, box: tuple[float, float, float, float], margin_px: float = 80) -> bool:
        west, north, east, south = (edge * self._scale for edge in box)
        return (
            east - self._west > -margin_px
            and west - self._west < self._side + margin_px
            and south - self._north > -margin_px
            and north - self._north < self._side + margin_px
        )

    def fill(self, feature: Feature, colour: str) -> None:
        for path in self._pixels(feature):
            if len(path) > 2:
                self._draw.polygon(path, fill=colour)

    def stroke(self, feature: Feature, colour: str, width_m: float, extra_px: int = 0) -> None:
        width = max(_SMOOTHING, round(width_m * self._px_per_m)) + extra_px * _SMOOTHING
        for path in self._pixels(feature):
            self._draw.line(path, fill=colour, width=width, joint="curve")

    def _pixels(self, feature: Feature) -> Iterator[list[tuple[float, float]]]:
        for path in feature.paths:
            yield [(x * self._scale - self._west, y * self._scale - self._north) for x, y in path]


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
