"""Write cells as files: CSV, GeoJSON (RFC 7946), GeoParquet. The same cells give the same bytes.

Times are UTC; GeoJSON and GeoParquet carry the outline of the zone, EPSG:4326, longitude first.
"""

import csv
import datetime as dt
import io
import json
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from precrisis.sharing.agreement import Agreement, Format
from precrisis.sharing.cells import GEOMETRY, STARTS_AT, Cells
from precrisis.sharing.permission import contract
from precrisis.sharing.shareable import MARTS

# A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection"); the full-width
# forms as well, in East Asian settings.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
GRID_DEGREES = 1e-7  # a centimetre


def written(agreement: Agreement, cells: Cells) -> dict[str, bytes]:
    """Return the agreement's files, content by name."""
    write = {"csv": as_csv, "geojson": as_geojson, "geoparquet": as_geoparquet}
    endings: dict[Format, str] = {"csv": "csv", "geojson": "geojson", "geoparquet": "parquet"}
    return {
        f"{agreement.agreement_id}.{endings[form]}": write[form](agreement, cells)
        for form in agreement.formats
    }


def as_csv(agreement: Agreement, cells: Cells) -> bytes:
    """Comma-separated, UTF-8, one heading line. Text that a spreadsheet would run gets a '."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    names = [STARTS_AT, *agreement.fields]
    writer.writerow(names)
    writer.writerows([_csv_value(row[name]) for name in names] for row in cells.rows)
    return stream.getvalue().encode()


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value
    plain = _plain(value)
    return str(plain).lower() if isinstance(plain, bool) else plain


def as_geojson(agreement: Agreement, cells: Cells) -> bytes:
    """A FeatureCollection, one feature a row."""
    features = [
        {
            "type": "Feature",
            "geometry": mapping(_outline(row[GEOMETRY])),
            "properties": {n: _plain(row[n]) for n in (STARTS_AT, *agreement.fields)},
        }
        for row in cells.rows
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def _outline(geometry: shapely.Geometry) -> shapely.Geometry:
    """On a grid of a centimetre, outer ring counter-clockwise, as RFC 7946 wants it."""
    return orient(shapely.set_precision(geometry, GRID_DEGREES), sign=1.0)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def as_geoparquet(agreement: Agreement, cells: Cells) -> bytes:
    """GeoParquet; the types of its columns do not depend on what the rows hold."""
    import geopandas as gpd
    import pandas as pd

    types = {STARTS_AT: "datetime64[us, UTC]"}
    types |= {name: _type(agreement.mart, name) for name in agreement.fields}
    columns = {
        name: pd.Series([row[name] for row in cells.rows], dtype=kind)
        for name, kind in types.items()
    }
    outlines = [_outline(row[GEOMETRY]) for row in cells.rows]
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(outlines, crs="EPSG:4326"))
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return stream.getvalue()


def _type(mart: str, name: str) -> str:
    data_type = contract(mart)[name].data_type
    if MARTS[mart].measures.get(name) == "mean":
        data_type = "double precision"
    return {"text": "str", "boolean": "boolean", "integer": "Int64"}.get(data_type, "Float64")
