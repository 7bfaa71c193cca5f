"""Where the names of pins stand on the wall screen's map, so that none covers another."""

from typing import Any

from shapely import STRtree, box
from shapely.geometry.base import BaseGeometry

RADIUS, SIZE = 1 / 38, 1 / 36  # of the sheet's height: a pin's circle, the letters of its name
LETTER = 0.62  # width of a bold letter to its size


def label(pins: list[dict[str, Any]], height: int) -> None:
    """Give each pin `x`, `y` (middle of its name), `radius` and `size`, all in SVG units.

    Below the pin if there is room, else above, right or left of it; where all are taken, below.
    The pins come gravest first, so those keep the better place.
    """
    radius, size = height * RADIUS, height * SIZE
    taken: list[BaseGeometry] = [_around(pin["place"].x, pin["place"].y, radius) for pin in pins]
    for pin in pins:
        x, y = pin["place"].x, pin["place"].y
        half = LETTER * size * len(pin["place"].name) / 2
        places = [
            (x, y + radius + size),
            (x, y - radius - size),
            (x + radius + half + size / 2, y),
            (x - radius - half - size / 2, y),
        ]
        free = [p for p in places if _is_free(_room(*p, half, size), taken)]
        pin["x"], pin["y"] = (free or places)[0]
        pin["radius"], pin["size"] = radius, size
        taken.append(_room(pin["x"], pin["y"], half, size))


def _room(x: float, y: float, half: float, size: float) -> BaseGeometry:
    return box(x - half, y - 0.6 * size, x + half, y + 0.6 * size)


def _around(x: float, y: float, radius: float) -> BaseGeometry:
    return box(x - radius, y - radius, x + radius, y + radius)


def _is_free(room: BaseGeometry, taken: list[BaseGeometry]) -> bool:
    return not len(STRtree(taken).query(room, predicate="intersects"))
