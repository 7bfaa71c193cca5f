"""What a portal calls its fields, as the agreed columns of a file of records. Pure.

A field that the pack does not name keeps the whole answer out, as an unknown column does a file:
that is how a name or a date of birth is kept out, rather than read and dropped.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from precrisis.outcome import Refused
from precrisis.pack.records_api import RecordsApi


def rows_of(
    records: Iterable[Mapping[str, Any]], api: RecordsApi, columns: Iterable[str]
) -> list[dict[str, str]]:
    """One row of text a record, with exactly the columns.

    Raises:
        Refused: a record has a field that was not agreed, or lacks one.
    """
    paths = {name: api.fields.get(name, name) for name in sorted(columns) if name not in api.fixed}
    return [_row(_flat(record), paths, api) for record in records]


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature's properties with its point; any other record as it is."""
    if not isinstance(record.get("properties"), dict):
        return dict(record)
    geometry = record.get("geometry")
    found = geometry.get("coordinates") if isinstance(geometry, dict) else None
    is_point = isinstance(found, list) and len(found) in (2, 3)
    longitude, latitude = found[:2] if is_point else (None, None)
    number = {"id": record["id"]} if "id" in record else {}
    return number | record["properties"] | {"longitude": longitude, "latitude": latitude}


def _row(values: dict[str, Any], paths: dict[str, str], api: RecordsApi) -> dict[str, str]:
    wanted = {path.split(".")[0] for path in paths.values()}
    beyond = set(values) - wanted - set(api.left_out)
    odd = sorted((beyond - {"id"}) | (wanted - set(values)))
    if odd:
        reason = f"fields {odd} are missing or not agreed; name them in `api`, no record was read"
        raise Refused("columns_known", reason)
    return {name: _text(values, path) for name, path in paths.items()} | dict(api.fixed)


def _text(values: Any, path: str) -> str:
    found = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else str(found)
