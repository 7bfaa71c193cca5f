"""incidents_ingest: disorder audits, what somebody looked for at a place and found or not."""

from typing import Any

from expectations import disorder_audit
from precrisis import door
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.records.files import lines_of, moment_of, number_of
from precrisis.records.places import point_of
from precrisis.run import Run
from precrisis.warehouse import connect

COLUMNS = {
    "source_id", "item", "severity", "audited_at", "longitude", "latitude", "accuracy_m",
}  # fmt: skip


def take_in_audits(run: Run) -> int:
    """Write disorder audits; return how many passed the door."""
    step = Step("take_in_audits", "disorder_audit", run, role="ingest")
    sources = city().sources_of("disorder_audit")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    authorise(source, run, "ingest")
    rows = [_row(source.source_id, line) for line in lines_of(source, COLUMNS)]
    outcome.rows_in = len(rows)
    suite = disorder_audit.station(city().bounds)
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)


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
