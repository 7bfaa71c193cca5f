"""Files of records: exactly the agreed columns, and rows in which nobody can be found.

A column that is not known is refused with the whole file: that is how a name or a date of birth is
kept out, rather than read and dropped. In a known column a value of the form of an identifier
(e-mail address, tax code, account, plate, handle) is refused with its row.
"""

import csv
import datetime as dt
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from precrisis.outcome import Refused, quarantine
from precrisis.pack.sources import Source
from precrisis.plain_files import Unreadable, parsed_json
from precrisis.posts.identifiers import has_identifier
from precrisis.warehouse import connect

EXTRA = "(beyond the columns)"
LARGEST_FILE_BYTES = 100_000_000
LONGEST_VALUE = 2_000
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def lines_of(source: Source, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a file that have a value for each column and no more; others are quarantined.

    Named by their line, not by a value: in a shifted row any value may stand in any column.

    Raises:
        Refused: as `read_rows`.
    """
    return plain_rows(source, read_rows(source, columns), first=2)


def plain_rows(source: Source, rows: list[dict[str, str]], first: int) -> list[dict[str, str]]:
    """The rows in which nobody can be found; others are quarantined by number, from `first` on."""
    good = []
    with connect("ingest") as connection:
        for number, row in enumerate(rows, start=first):
            refusal = refusal_of(row)
            if refusal is None:
                good.append(row)
                continue
            quarantine(connection, source.noun, f"{source.source_id}/row {number}", refusal)
    return good


def refusal_of(row: dict[str, str]) -> Refused | None:
    """What keeps a row from being looked at, before any value is understood."""
    if EXTRA in row or None in row.values():
        return Refused("row_complete", "it has more or fewer values than there are columns")
    if any(CONTROLS.search(value) for value in row.values()):
        return Refused("row_is_text", "a value holds control characters, such as NUL")
    if any(len(value) > LONGEST_VALUE for value in row.values()):
        return Refused("row_is_short", f"a value is longer than {LONGEST_VALUE} characters")
    if any(has_identifier(value) for value in row.values()):
        reason = (
            "a value has the form of an address, tax code, account, plate or handle of somebody"
        )
        return Refused("row_names_nobody", reason)
    return None


def read_rows(source: Source, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a CSV file, or the points of a GeoJSON file, whose columns are exactly `columns`.

    Values beyond them are under EXTRA.

    Raises:
        Refused: the file is too large, is neither, or has other columns than these.
    """
    path = Path(source.address)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise Refused("file_is_small", f"more than {LARGEST_FILE_BYTES} bytes; split it by time")
    return (_read_points if path.suffix == ".geojson" else _read_csv)(path, sorted(columns))


def _read_csv(path: Path, columns: list[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restkey=EXTRA)
            _expect_columns(list(reader.fieldnames or []), columns)
            return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("file_readable", f"not UTF-8 CSV ({type(error).__name__})") from None


def _read_points(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Properties with the point as longitude and latitude, all as text, as in CSV."""
    try:
        features = parsed_json(path.read_bytes(), path.name)["features"]
        rows = [_properties(feature) for feature in features]
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError):
        raise Refused("file_readable", "no GeoJSON of points; look at its features") from None
    for row in rows:
        _expect_columns(list(row), columns)
    return rows


def _properties(feature: dict[str, Any]) -> dict[str, str]:
    longitude, latitude = feature["geometry"]["coordinates"][:2]
    values = feature["properties"] | {"longitude": longitude, "latitude": latitude}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _expect_columns(found: list[str], columns: list[str]) -> None:
    if found and sorted(found) != columns:
        odd = sorted(set(found) ^ set(columns)) or "more than once"
        reason = f"columns {odd} are missing or not allowed; no row was read"
        raise Refused("columns_known", reason)


def number_of(text: str | None) -> float | None:
    """A number, or None where there is none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def count_of(text: str | None) -> float | None:
    """A number of people; what is no number is unknown."""
    value = number_of(text)
    return None if value is None or math.isnan(value) else value


def moment_of(text: str | None) -> dt.datetime | None:
    """Parse ISO 8601 with an offset; anything else is None, which the door refuses.

    Without an offset an hour of the autumn night is two hours, and one of the spring night none.
    """
    try:
        value = dt.datetime.fromisoformat(text or "")
        return value.astimezone(dt.UTC) if value.tzinfo else None
    except (ValueError, OverflowError):  # the last hours of the year 9999, in a zone behind UTC
        return None


def day_of(text: str | None) -> dt.date | None:
    """Parse an ISO date; anything else is None, which the door refuses."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None
