"""incidents_ingest: incident records of the police or the municipality."""

from collections import defaultdict
from typing import Any

from expectations import incident
from precrisis import door
from precrisis.city import City, city
from precrisis.maps.sameness import flat
from precrisis.outcome import Outcome, Refused, quarantine
from precrisis.pack.sources import Source
from precrisis.records.files import moment_of, number_of
from precrisis.records.offered import lines_offered
from precrisis.records.places import point_of
from precrisis.records.taking_in import from_each_source
from precrisis.run import Run
from precrisis.visible import visible_key
from precrisis.warehouse import connect

COLUMNS = {
    "source_id", "category", "occurred_from", "occurred_to", "longitude", "latitude",
    "accuracy_m", "found_by",
}  # fmt: skip
OF_OTHERS = """
SELECT iccs_code, occurred_from, occurred_to, geom FROM raw.incident
WHERE source = ANY(%(sources)s) AND occurred_from BETWEEN %(first)s AND %(last)s
"""

TAKE_BACK = "DELETE FROM raw.incident WHERE source = %s AND source_id = ANY(%s)"


def take_in_incidents(run: Run) -> int:
    """Write incident records; return how many passed the door."""
    return from_each_source("take_in_incidents", "incident", run, _take_in)


def _take_in(source: Source, outcome: Outcome) -> None:
    with lines_offered(source, COLUMNS) as lines:
        if lines is None:
            outcome.status = "unchanged"
        else:
            _load(source, outcome, lines)


def _load(source: Source, outcome: Outcome, lines: list[dict[str, str]]) -> None:
    the_city = city()
    codes = {name: entry["iccs"] for name, entry in the_city.incident_categories.items()}
    rows = [incident_row(source.source_id, line, codes) for line in lines]
    outcome.rows_in = len(rows)
    suite = incident.station(the_city.bounds, sorted(codes))
    with connect("ingest") as connection:
        new = _without_known(connection, the_city, source, rows)
        if new or not rows:  # a file of which all is known already is no fault
            outcome.rows_out = door.load(connection, suite, new, source.source_id)


def incident_row(source_id: str, line: dict[str, str], codes: dict[str, str]) -> dict[str, Any]:
    """A line of a file as a row of incident."""
    return {
        "source": source_id,
        "source_id": line["source_id"],
        "category": line["category"],
        "iccs_code": codes.get(line["category"], "unknown"),
        "occurred_from": moment_of(line["occurred_from"]),
        "occurred_to": moment_of(line["occurred_to"]),
        "accuracy_m": number_of(line["accuracy_m"]),
        "found_by": line["found_by"],
        "geom": point_of(line),
    }


def _without_known(connection, the_city: City, source: Source, rows: list[dict]) -> list[dict]:
    """The rows that no source before this one in the pack has: class, time to the second, place."""
    before = [s.source_id for s in the_city.sources_of("incident")]
    before = before[: before.index(source.source_id)]
    times = [row["occurred_from"] for row in rows if row["occurred_from"]]
    if not before or not times:
        return rows
    facts = {"sources": before, "first": min(times), "last": max(times)}
    known = defaultdict(list)
    for other in connection.execute(OF_OTHERS, facts):
        known[_when(other)].append(flat(other["geom"], the_city.centre[1]))
    within_m = the_city.thresholds.maps.incident_same_m.value
    new, same = [], []
    for row in rows:
        here = row["geom"] and flat(row["geom"], the_city.centre[1])
        is_known = here and any(here.distance(place) <= within_m for place in known[_when(row)])
        (same if is_known else new).append(row)
    _refuse(connection, source, [row["source_id"] for row in same])
    return new


def _refuse(connection, source: Source, source_ids: list[str]) -> None:
    """Name what another source has; a row of it that was taken in before that one is gone."""
    reason = "another source has an incident of this class, time and place"
    for source_id in source_ids:
        key = f"{source.source_id}/{visible_key(source_id)}"
        quarantine(connection, "incident", key, Refused("known_once", reason))
    connection.execute(TAKE_BACK, (source.source_id, source_ids))


def _when(row: dict[str, Any]) -> tuple:
    return row["iccs_code"], row["occurred_from"], row["occurred_to"]
