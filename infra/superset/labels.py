"""Names on the base map: placed once for a zoom, so that neighbouring tiles agree."""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from basemap import Feature, Point
from PIL import Image, ImageDraw, ImageFont

_HALO = "#ffffff"
_FONT = "DejaVuSans.ttf"


@dataclass(frozen=True)
class LabelStyle:
    """Which zooms show a kind's names, how large (pixels of a 512 tile) and in which colour."""

    zooms: range
    size_px: int
    colour: str


# In order of importance: an earlier name keeps its place against a later one.
_STYLES = {
    "district": LabelStyle(range(12, 15), 26, "#8d8776"),
    "park": LabelStyle(range(15, 20), 22, "#5f8a55"),
    "river": LabelStyle(range(14, 20), 26, "#5b8fab"),
    "water": LabelStyle(range(14, 20), 22, "#5b8fab"),
    "main_street": LabelStyle(range(15, 20), 22, "#6f6a60"),
    "street": LabelStyle(range(16, 20), 22, "#7d786d"),
}


@dataclass(frozen=True)
class Label:
    """A name in its place: centre in world pixels, angle in degrees anticlockwise."""

    text: str
    style: LabelStyle
    centre: Point
    angle: float
    half: Point  # half width and half height of the turned text


def place(features: list[Feature], z: int, tile_px: int) -> list[Label]:
    """Choose the names that zoom z shows without touching each other."""
    scale = tile_px * 2**z
    chosen: list[Label] = []
    for kind, style in _STYLES.items():
        if z not in style.zooms:
            continue
        for feature in (f for f in features if f.kind == kind and f.name):
            label = _label(feature, style, scale)
            if label and not any(_collide(label, other) for other in chosen):
                chosen.append(label)
    return chosen


def draw(image: Image.Image, chosen: list[Label], origin: Point) -> None:
    """Draw those labels that reach into the tile whose north-west world pixel is origin."""
    for label in chosen:
        left = label.centre[0] - origin[0]
        top = label.centre[1] - origin[1]
        reach = max(label.half) + 4
        if -reach < left < image.width + reach and -reach < top < image.height + reach:
            text = _text_image(label.text, label.style, label.angle)
            corner = (round(left - text.width / 2), round(top - text.height / 2))
            image.paste(text, corner, text)


def _label(feature: Feature, style: LabelStyle, scale: float) -> Label | None:
    width = _font(style.size_px).getlength(feature.name)
    if feature.is_area:
        centre, angle, room = _middle_of_area(feature, scale)
    else:
        centre, angle, room = _middle_of_line(feature, scale)
    if room < width:
        return None
    turn = math.radians(angle)
    half_width, half_height = width / 2 + 4, style.size_px * 0.7
    half = (
        abs(math.cos(turn)) * half_width + abs(math.sin(turn)) * half_height,
        abs(math.sin(turn)) * half_width + abs(math.cos(turn)) * half_height,
    )
    return Label(feature.name, style, centre, angle, half)


def _middle_of_area(feature: Feature, scale: float) -> tuple[Point, float, float]:
    """Middle of the widest stretch inside the area at half its height: bends stay outside."""
    _, north, _, south = feature.box
    level = (north + south) / 2
    crossings = sorted(
        ax + (level - ay) / (by - ay) * (bx - ax)
        for path in feature.paths
        for (ax, ay), (bx, by) in pairwise(path)
        if (ay > level) != (by > level)
    )
    stretches = list(zip(crossings[::2], crossings[1::2], strict=False))
    west, east = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return ((west + east) / 2 * scale, level * scale), 0.0, (east - west) * scale


def _middle_of_line(feature: Feature, scale: float) -> tuple[Point, float, float]:
    """Centre, angle and length of the longest straight stretch."""
    path = max(feature.paths, key=_length)
    (ax, ay), (bx, by) = max(pairwise(path), key=_length)
    angle = -math.degrees(math.atan2(by - ay, bx - ax))
    upright = (angle + 90) % 180 - 90
    return (
        ((ax + bx) / 2 * scale, (ay + by) / 2 * scale),
        upright,
        _length(path) * scale,
    )


def _length(path: tuple[Point, ...]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(path))


def _collide(one: Label, other: Label) -> bool:
    return all(abs(one.centre[i] - other.centre[i]) < one.half[i] + other.half[i] for i in (0, 1))


@lru_cache(maxsize=512)
def _text_image(text: str, style: LabelStyle, angle: float) -> Image.Image:
    font = _font(style.size_px)
    width = math.ceil(font.getlength(text)) + 12
    image = Image.new("RGBA", (width, style.size_px * 2), (255, 255, 255, 0))
    ImageDraw.Draw(image).text(
        (6, style.size_px * 0.4),
        text,
        font=font,
        fill=style.colour,
        stroke_width=3,
        stroke_fill=_HALO,
    )
    return image.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)


@lru_cache(maxsize=16)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(_FONT, size_px)
    except OSError:  # the machine has no DejaVu: Pillow's own font knows Latin letters too
        return ImageFont.load_default(size_px)
