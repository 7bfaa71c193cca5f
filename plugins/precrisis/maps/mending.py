"""Outlines that cross themselves: repaired where it is clear what was drawn, else left as they are.

GEOS repairs in two ways, by the lines as they run and by what they enclose (`make_valid`, methods
linework and structure). Where both give the same area the fault was a slip of the pen; where they
do not, only a person can say what was meant, and the door refuses the outline.
"""

import shapely
from shapely.geometry.base import BaseGeometry


def mended(geometry: BaseGeometry, most_difference_share: float) -> BaseGeometry | None:
    """Return a valid geometry of the same dimension, or None where what was drawn is not clear.

    Args:
        most_difference_share: how far the areas of both repairs may differ, of the larger one.
    """
    if shapely.is_valid(geometry):
        return geometry
    by_line, by_structure = (
        _of_dimension(shapely.make_valid(geometry, method=method), geometry)
        for method in ("linework", "structure")
    )
    larger = max(by_line.area, by_structure.area)
    differs = abs(by_line.area - by_structure.area) > most_difference_share * larger
    return None if by_structure.is_empty or differs else by_structure


def _of_dimension(repaired: BaseGeometry, drawn: BaseGeometry) -> BaseGeometry:
    """The parts of a repair that are what was drawn: no lines that stick out of an area."""
    wanted = shapely.get_dimensions(drawn)
    parts = shapely.get_parts(repaired)
    kept = [part for part in parts if shapely.get_dimensions(part) == wanted]
    return shapely.union_all(kept)
