"""What the steps that take in the city's own files have in common: the gate, the rows, the door."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from expectations.station import Station
from precrisis import door
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.records.files import lines_of
from precrisis.run import Run
from precrisis.warehouse import connect

RowOf = Callable[[str, dict[str, str]], Mapping[str, Any]]


def from_each_source(
    name: str,
    noun: str,
    run: Run,
    take_in: Callable[[Source, Outcome], None],
    is_wanted: Callable[[Source], bool] = lambda source: True,
) -> int:
    """Take in every source of a noun that the gate lets through; return how many rows came in.

    Raises:
        StepFailed: a source could not be read, or the register does not allow it.
    """

    def asked(source: Source, outcome: Outcome) -> None:
        authorise(source, run, "ingest")
        take_in(source, outcome)

    step = Step(name, noun, run, role="ingest")
    wanted = [source for source in city().sources_of(noun) if is_wanted(source)]
    done = step.each(wanted, lambda source: source.source_id, asked)
    return sum(outcome.rows_out for outcome in done)


def load_lines(
    source: Source, outcome: Outcome, columns: Iterable[str], row_of: RowOf, station: Station
) -> None:
    """Bring the lines of a source's file through a station's door.

    row_of: makes a row of the source's id and a line.
    """
    rows = [row_of(source.source_id, line) for line in lines_of(source, columns)]
    load_rows(source, outcome, rows, station)


def load_rows(
    source: Source, outcome: Outcome, rows: list[Mapping[str, Any]], station: Station
) -> None:
    """Bring rows of a source through a station's door."""
    outcome.rows_in = len(rows)
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, station, rows, source.source_id)
