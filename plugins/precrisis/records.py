"""incidents_ingest: incident records and the calendar, from files with a closed set of columns.

A column that is not known is refused with the whole file: that is how a name or a date of birth is
kept out, rather than read and dropped.
"""

import csv
import datetime as dt
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely

from expectations import calendar_event, incident
from precrisis import door
from precrisis.city import Source, city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
from precrisis.run import Run
from precrisis.warehouse import connect

INCIDENT_COLUMNS = {
    "source_id", "category", "occurred_from", "occurred_to", "longitude", "latitude",
    "accuracy_m", "found_by",
}  # fmt: skip
CALENDAR_COLUMNS = {
    "source_id", "title", "kind", "zone_id", "starts_at", "ends_at", "expected_people",
}  # fmt: skip
EXTRA = "(beyond the columns)"
LARGEST_FILE_BYTES = 100_000_000
LONGEST_VALUE = 2_000
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def take_in_incidents(run: Run) -> int:
    """Write incident records; return how many passed the door."""
    step = Step("take_in_incidents", "incident", run, role="ingest")
    sources = city().sources_of("incident")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _incidents(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def take_in_calendar(run: Run) -> int:
    """Write calendar events; return how many passed the door."""
    step = Step("take_in_calendar", "calendar_event", run, role="ingest")
    sources = city().sources_of("calendar_event")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _calendar(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _incidents(source: Source, outcome: Outcome, run: Run) -> None:
    the_city = city()
    authorise(source, run, "ingest")
    codes = {name: entry["iccs"] for name, entry in the_city.incident_categories.items()}
    rows = [
        _incident_row(source.source_id, line, codes) for line in lines_of(source, INCIDENT_COLUMNS)
    ]
    outcome.rows_in = len(rows)
    suite = incident.station(the_city.bounds, sorted(codes))
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)


def _incident_row(source_id: str, line: dict[str, str], codes: dict[str, str]) -> dict[str, Any]:
    longitude, latitude = _number(line["longitude"]), _number(line["latitude"])
    is_placed = longitude is not None and latitude is not None
    point = shapely.Point(longitude, latitude) if is_placed else None
    return {
        "source": source_id,
        "source_id": line["source_id"],
        "category": line["category"],
        "iccs_code": codes.get(line["category"], "unknown"),
        "occurred_from": moment_of(line["occurred_from"]),
        "occurred_to": moment_of(line["occurred_to"]),
        "accuracy_m": _number(line["accuracy_m"]),
        "found_by": line["found_by"],
        "geom": shapely.set_srid(point, 4326) if point else None,
    }


def _calendar(source: Source, outcome: Outcome, run: Run) -> None:
    authorise(source, run, "ingest")
    rows = [
        {
            "source": source.source_id,
            "source_id": line["source_id"],
            "title": line["title"],
            "kind": line["kind"],
            "place_id": line["zone_id"],
            "starts_at": moment_of(line["starts_at"]),
            "ends_at": moment_of(line["ends_at"]),
            "expected_people": _count(line["expected_people"]),
        }
        for line in lines_of(source, CALENDAR_COLUMNS)
    ]
    outcome.rows_in = len(rows)
    suite = calendar_event.station([zone.zone_id for zone in city().zones])
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)


def lines_of(source: Source, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a file that have a value for each column and no more; others are quarantined.

    Named by their line, not by a value: in a shifted row any value may stand in any column.
    """
    good = []
    with connect("ingest") as connection:
        for number, row in enumerate(read_csv(source, columns), start=2):
            refusal = _refusal_of(row)
            if refusal is None:
                good.append(row)
                continue
            quarantine(connection, source.noun, f"{source.source_id}/row {number}", refusal)
    return good


def _refusal_of(row: dict[str, str]) -> Refused | None:
    """What keeps a row from being looked at, before any value is understood."""
    if EXTRA in row or None in row.values():
        return Refused("row_complete", "it has more or fewer values than there are columns")
    if any(CONTROLS.search(value) for value in row.values()):
        return Refused("row_is_text", "a value holds control characters, such as NUL")
    if any(len(value) > LONGEST_VALUE for value in row.values()):
        return Refused("row_is_short", f"a value is longer than {LONGEST_VALUE} characters")
    return None


def read_csv(source: Source, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a file whose columns are exactly `columns`; values beyond them are under EXTRA.

    Raises:
        Refused: the file is too large, not UTF-8 CSV, or has other columns than these.
    """
    if Path(source.address).stat().st_size > LARGEST_FILE_BYTES:
        raise Refused("file_is_small", f"more than {LARGEST_FILE_BYTES} bytes; split it by time")
    try:
        with Path(source.address).open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restkey=EXTRA)
            found = list(reader.fieldnames or [])
            if found and sorted(found) != sorted(columns):
                odd = sorted(set(found) ^ set(columns)) or "more than once"
                reason = f"columns {odd} are missing or not allowed; no row was read"
                raise Refused("columns_known", reason)
            return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("file_readable", f"not UTF-8 CSV ({type(error).__name__})") from None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _count(text: str | None) -> float | None:
    """A number of people; what is no number is unknown."""
    number = _number(text)
    return None if number is None or math.isnan(number) else number


def moment_of(text: str | None) -> dt.datetime | None:
    """Parse ISO 8601 with an offset; anything else is None, which the door refuses."""
    try:
        moment = dt.datetime.fromisoformat(text or "")
        return moment.astimezone(dt.UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # the last hours of the year 9999, in a zone behind UTC
        return None
