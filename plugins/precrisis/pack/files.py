"""The files of a city pack as they are written; nothing is checked here but that they parse."""

import os
import string
from pathlib import Path
from typing import Any

from shapely import Polygon, set_srid
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from precrisis.maps.grid import ZoneGrid, grid_zones
from precrisis.pack.part import CityPackError
from precrisis.plain_files import parsed_json, parsed_yaml, text_of

UNKNOWN_SRID = 1  # no reference system has it


def pack_content(folder: Path) -> dict[str, Any]:
    """Return what the files of a pack say, by the fields of `City`.

    Raises:
        CityPackError: a file needs an environment variable that is not set.
        OSError: a file is missing or can't be read.
        ValueError: one is no YAML or GeoJSON.
    """
    content = _yaml(folder, "city") | {
        "zones": _features(folder, "zones"),
        "sites": _features(folder, "sites"),
        "basemap": _features(folder, "basemap"),
        "cameras": _yaml(folder, "cameras"),
        "sources": _yaml(folder, "sources"),
        "processing": _yaml(folder, "register"),
        "thresholds": _yaml(folder, "thresholds"),
        "gazetteer": _yaml(folder, "gazetteer"),
        "incident_categories": _yaml(folder, "incident_categories"),
        "agreements": _yaml(folder, "agreements"),
        "sheets": _yaml_if_there(folder, "vulnerability"),
        "measures": _yaml_if_there(folder, "measures"),
    }
    content["zones"] += _grid_zones(content)
    return content


def _grid_zones(content: dict[str, Any]) -> list[dict]:
    """The zones of the pack's grid, beside those that it draws."""
    if not content.get("zone_grid"):
        return []
    districts = {f["name"]: f["geometry"] for f in content["basemap"] if f["kind"] == "district"}
    drawn = [zone["geometry"] for zone in content["zones"]]
    return grid_zones(ZoneGrid(**content["zone_grid"]), districts, drawn)


def _yaml(folder: Path, name: str) -> Any:
    """Read a YAML file; ${NAME} is taken from the environment, so addresses can differ."""
    text = text_of(folder / f"{name}.yaml")
    try:
        return parsed_yaml(string.Template(text).substitute(os.environ), f"{name}.yaml")
    except KeyError as error:
        raise CityPackError(f"{name}.yaml needs the environment variable {error}.") from error


def _yaml_if_there(folder: Path, name: str) -> list:
    return _yaml(folder, name) if (folder / f"{name}.yaml").exists() else []


def _features(folder: Path, name: str) -> list[dict]:
    file = folder / f"{name}.geojson"
    collection = parsed_json(text_of(file), file.name)
    srid = _srid(collection)
    return [
        {**feature["properties"], "geometry": _geometry(feature, srid)}
        for feature in collection["features"]
    ]


def _geometry(feature: dict, srid: int) -> BaseGeometry:
    """A geometry as drawn. One that can't be built is empty: the door refuses it by its name."""
    try:
        return set_srid(shape(feature["geometry"]), srid)
    except (AttributeError, TypeError, ValueError, ShapelyError):
        return Polygon()


def _srid(collection: dict) -> int:
    """The reference system a file states (the `crs` of older GeoJSON), else 4326 (RFC 7946)."""
    name = str(((collection.get("crs") or {}).get("properties") or {}).get("name", "CRS84"))
    code = name.rsplit(":", 1)[-1]
    return int(code) if code.isdigit() else 4326 if code == "CRS84" else UNKNOWN_SRID
