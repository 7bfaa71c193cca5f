"""incidents_ingest: disorder audits, what somebody looked for at a place and found or not."""

from typing import Any

from expectations import disorder_audit
from precrisis.city import city
from precrisis.outcome import Outcome
from precrisis.pack.sources import Source
from precrisis.records.files import moment_of, number_of
from precrisis.records.places import point_of
from precrisis.records.taking_in import from_each_source, load_lines
from precrisis.run import Run

COLUMNS = {
    "source_id", "item", "severity", "audited_at", "longitude", "latitude", "accuracy_m",
}  # fmt: skip


def take_in_audits(run: Run) -> int:
    """Write disorder audits; return how many passed the door."""
    return from_each_source("take_in_audits", "disorder_audit", run, _take_in)


def _take_in(source: Source, outcome: Outcome) -> None:
    load_lines(source, outcome, COLUMNS, _row, disorder_audit.station(city().bounds))


def _row(source_id: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "source": source_id,
        "source_id": line["source_id"],
        "item": line["item"],
        "kind": disorder_audit.KIND_OF.get(line["item"], "unknown"),
        "severity": number_of(line["severity"]),
        "audited_at": moment_of(line["audited_at"]),
        "accuracy_m": number_of(line["accuracy_m"]),
        "geom": point_of(line),
    }
