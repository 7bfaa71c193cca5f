"""Features of a layer as rows of place, and how many of them met what."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from precrisis.city import City
from precrisis.maps.mending import mended
from precrisis.maps.near import ZonesNearby
from precrisis.maps.reading import Feature
from precrisis.outcome import Refused
from precrisis.pack.sources import Source

POINTS = ("site", "stop", "lamp")  # an area stands as a point within it
NAMED = ("site", "stop")
CUT = ("street", "boundary", "background")  # what may cross the city's edge, and is cut there
DIGITS = 7  # of degrees: a centimetre


def layer_rows(
    the_city: City, source: Source, features: Iterable[Feature], met: Counter
) -> list[dict[str, Any]]:
    """Return place rows of the features that the layer takes; `met` counts what they met.

    Counted are: outside (left alone), repaired, cut. What is wrong with a row is the door's to say.

    Raises:
        Refused: no feature is taken, or none lies in the city.
    """
    layer, zones, rows = source.layer, ZonesNearby(the_city), []
    for feature in features:
        kind = layer.kind or layer.kinds.get(str(feature.values[layer.kind_column]))
        if kind is None:
            met["of_other_kinds"] += 1
            continue
        geometry = _placed(feature.geometry, the_city, source, met)
        if geometry is not None:
            rows.append(_row(zones, source, feature, kind, geometry))
    if not rows:
        raise _nothing(met)
    return rows


def _nothing(met: Counter) -> Refused:
    if met["outside"]:
        reason = f"all {met['outside']} features lie outside the city's box; look at `crs`"
        return Refused("layer_in_city", reason)
    reason = f"no feature of the kinds asked for ({met['of_other_kinds']} of others)"
    return Refused("layer_not_empty", reason)


def _placed(
    drawn: BaseGeometry | None, the_city: City, source: Source, met: Counter
) -> BaseGeometry | None:
    """The geometry that goes to the door, which refuses what is bad; None is left alone."""
    layer = source.layer
    if drawn is None or not np.isfinite(drawn.bounds).all():
        return shapely.Polygon()
    box = shapely.box(*the_city.bounds)
    if layer.reaches_beyond and not box.intersects(shapely.box(*drawn.bounds)):
        met["outside"] += 1
        return None
    geometry = mended(drawn, the_city.thresholds.maps.place_repair_difference_share.value)
    if geometry is None:
        return drawn
    met["repaired"] += geometry is not drawn
    if layer.becomes in POINTS:
        return shapely.point_on_surface(geometry)
    if layer.reaches_beyond and layer.becomes in CUT and not box.covers(geometry):
        met["cut"] += 1
        return shapely.intersection(geometry, box)
    return geometry


def _row(
    zones: ZonesNearby, source: Source, feature: Feature, kind: str, geometry: BaseGeometry
) -> dict[str, Any]:
    layer = source.layer
    if shapely.is_valid(geometry):  # rounding would repair the others, unasked
        geometry = shapely.set_precision(geometry, 10**-DIGITS)
    name = _text(feature.values.get(layer.name)) or (kind if layer.becomes not in NAMED else None)
    key = _key(feature, layer.key, name, geometry)
    attributes = {column: _plain(feature.values[column]) for column in layer.attributes}
    attributes |= {"kind": kind}
    if layer.becomes in POINTS:
        attributes |= {"zone_id": zones.at(geometry)}
    if layer.becomes == "site":
        attributes |= {"site_id": f"{source.source_id}:{key}"}
    return {
        "place_id": key and f"{layer.becomes}:{source.source_id}:{key}",
        "kind": layer.becomes,
        "name": name,
        "attributes": attributes,
        "geom": shapely.set_srid(geometry, 4326),
        "source": source.source_id,
    }


def _key(
    feature: Feature, column: str | None, name: str | None, geometry: BaseGeometry
) -> str | None:
    if column is not None:
        return _text(feature.values[column])
    content = f"{name}|{shapely.to_wkt(shapely.normalize(geometry), DIGITS)}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _text(value: Any) -> str | None:
    """A value as words; a number of a key without its decimal point."""
    plain = _plain(value)
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    return None if plain is None else str(plain).strip() or None


def _plain(value: Any) -> Any:
    """A value of a column as JSON has it; what is missing is None."""
    value = value.item() if isinstance(value, np.generic) else value
    is_number = isinstance(value, bool | int | float)
    if value is None or (isinstance(value, float) and not np.isfinite(value)) or value != value:
        return None
    return value if is_number else str(value)
