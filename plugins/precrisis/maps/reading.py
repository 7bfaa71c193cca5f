"""Features of a layer's file in EPSG:4326, from any format that formats.py lets pass.

GeoJSON, GeoPackage, Shapefile and OpenStreetMap extracts are read by GDAL (pyogrio). Its messages
quote paths and contents, so none of them is passed on.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from precrisis.maps import formats
from precrisis.maps.layer import Layer
from precrisis.outcome import Refused

Bounds = tuple[float, float, float, float]
# How GDAL presents OpenStreetMap data.
OSM_LAYERS = {
    "site": ("points", "multipolygons"),
    "stop": ("points",),
    "lamp": ("points",),
    "street": ("lines",),
    "boundary": ("multipolygons",),
    "background": ("lines", "multipolygons"),
}
OSM_KEY = "osm"  # the key of every feature of an extract: n12, w34, r56
OSM_CONFIGURATION = """closed_ways_are_polygons=amenity,building,leisure,landuse,shop,tourism
attribute_name_laundering=no
[points]
osm_id=yes
attributes={tags}
[lines]
osm_id=yes
attributes={tags}
[multipolygons]
osm_id=yes
attributes={tags}
"""


@dataclass(frozen=True)
class Feature:
    """One feature as drawn, in EPSG:4326; `geometry` is None where there is none."""

    values: Mapping[str, Any]
    geometry: BaseGeometry | None


def read_features(address: str, layer: Layer, bounds: Bounds) -> list[Feature]:
    """Return the features of a layer's file, with the columns that `layer` names.

    Args:
        bounds: the city's box, degrees (west, south, east, north); of an OpenStreetMap extract
            nothing outside it is read.

    Raises:
        FileNotFoundError: there is no such file.
        Refused: it can't be read, has no reference system, or lacks a column.
    """
    path = formats.opened_as(address)
    if formats.is_osm(address):
        return [
            feature
            for name in OSM_LAYERS[layer.becomes]
            for feature in _osm_features(path, name, layer, bounds)
        ]
    with _in_our_words():
        return list(_features(path, layer))


def _features(path: str, layer: Layer) -> Iterator[Feature]:
    import pyogrio

    name = _layer_name(path, layer)
    info = pyogrio.read_info(path, layer=name)
    _expect_columns(info["fields"], layer)
    crs = layer.crs or info["crs"]
    if crs is None:
        reason = "the file does not say its reference system; add its .prj, or `crs` to the layer"
        raise Refused("crs_known", reason)
    to_degrees = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
    read, _, outlines, columns = pyogrio.raw.read(path, layer=name, columns=layer.columns)
    return _joined(read["fields"], columns, outlines, to_degrees)


def _joined(names, columns, outlines, to_degrees=None) -> Iterator[Feature]:
    if outlines is None:
        raise Refused("layer_has_geometry", "the layer is a table without geometry")
    shapes = shapely.force_2d(shapely.from_wkb(outlines, on_invalid="ignore"))
    if to_degrees is not None:
        shapes = shapely.transform(shapes, to_degrees.transform, interleaved=False)
    for number, geometry in enumerate(shapes):
        values = {name: column[number] for name, column in zip(names, columns, strict=True)}
        yield Feature(values, None if geometry is None or geometry.is_empty else geometry)


def _layer_name(path: str, layer: Layer) -> str:
    import pyogrio

    names = [name for name, _ in pyogrio.list_layers(path)]
    if layer.layer is None and len(names) == 1:
        return names[0]
    if layer.layer not in names:
        reason = f"name one of its layers as `layer`: {', '.join(names) or 'it has none'}"
        raise Refused("layer_known", reason)
    return layer.layer


def _expect_columns(found, layer: Layer) -> None:
    if missing := sorted(set(layer.columns) - set(found)):
        reason = f"the layer has no column {missing}; its columns are {sorted(found)}"
        raise Refused("columns_known", reason)


def _osm_features(path: str, name: str, layer: Layer, bounds: Bounds) -> list[Feature]:
    """The features of one layer of an extract that carry a tag the layer asks for."""
    import pyogrio

    if layer.kind_column is None:
        raise Refused("columns_known", "name the tag to look for as `kind_column`, such as amenity")
    tags = [column for column in layer.columns if column != OSM_KEY]
    keys = ("osm_id", "osm_way_id") if name == "multipolygons" else ("osm_id",)
    with _osm_configuration(tags) as configuration, _in_our_words():
        info, _, outlines, columns = pyogrio.raw.read(
            path, layer=name, columns=[*keys, *tags], bbox=bounds,
            where=f'"{layer.kind_column}" IS NOT NULL', CONFIG_FILE=configuration,
        )  # fmt: skip
        features = list(_joined(info["fields"], columns, outlines))
    return [Feature({**f.values, OSM_KEY: _osm_key(name, f.values)}, f.geometry) for f in features]


def _osm_key(name: str, values: Mapping[str, Any]) -> str:
    if name == "multipolygons":
        way = values.get("osm_way_id")
        return f"w{way}" if way else f"r{values['osm_id']}"
    return f"{'n' if name == 'points' else 'w'}{values['osm_id']}"


@contextmanager
def _osm_configuration(tags: list[str]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
        file.write(OSM_CONFIGURATION.format(tags=",".join(tags)))
        file.flush()
        yield file.name


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What GDAL, PROJ or GEOS can't read is a refusal of the file, without their message."""
    from pyogrio import errors

    try:
        yield
    except (errors.DataSourceError, errors.DataLayerError, errors.FieldError,
            errors.GeometryError, errors.FeatureError) as error:  # fmt: skip
        reason = f"no map layer that can be read ({type(error).__name__}); save it anew from a GIS"
        raise Refused("file_readable", reason) from None
    except pyproj.exceptions.CRSError:
        reason = "its reference system is not known; state it as `crs: EPSG:…` of the layer"
        raise Refused("crs_known", reason) from None
    except shapely.errors.ShapelyError as error:
        raise Refused("file_readable", f"its geometry is broken ({type(error).__name__})") from None
