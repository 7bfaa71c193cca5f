"""Which zone a place lies in or near."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from precrisis.city import City
from precrisis.maps.sameness import flat


class ZonesNearby:
    """The city's zones in a tree, built once for many places."""

    def __init__(self, the_city: City) -> None:
        self._latitude = the_city.centre[1]
        self._within_m = the_city.thresholds.maps.place_zone_m.value
        self._ids = [zone.zone_id for zone in the_city.zones]
        outlines = [flat(zone.geometry, self._latitude) for zone in the_city.zones]
        self._tree = shapely.STRtree(outlines)

    def at(self, point: BaseGeometry) -> str | None:
        """The nearest zone within the pack's distance of a point (degrees), or None."""
        if point.is_empty:
            return None
        here = flat(point, self._latitude)
        found = self._tree.query_nearest(here, max_distance=self._within_m)
        return self._ids[int(np.min(found))] if len(found) else None
