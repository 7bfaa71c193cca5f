"""incidents_ingest: answers of victimisation and perception surveys, each by itself.

A row is one answer: its number says nothing of who gave it, nor which other answers they gave. Who
was asked and did not answer is a row too, so that non-response can be counted.
"""

from typing import Any

from expectations import survey_answer
from precrisis import door
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.records.files import day_of, lines_of, number_of
from precrisis.run import Run
from precrisis.warehouse import connect

COLUMNS = {"source_id", "wave", "wave_ended_on", "zone_id", "question", "answer", "weight"}


def take_in_surveys(run: Run) -> int:
    """Write survey answers; return how many passed the door."""
    step = Step("take_in_surveys", "survey_answer", run, role="ingest")
    sources = city().sources_of("survey_answer")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    authorise(source, run, "ingest")
    rows = [_row(source.source_id, line) for line in lines_of(source, COLUMNS)]
    outcome.rows_in = len(rows)
    suite = survey_answer.station([zone.zone_id for zone in city().zones])
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)


def _row(source_id: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "source": source_id,
        "source_id": line["source_id"],
        "wave": line["wave"],
        "wave_ended_on": day_of(line["wave_ended_on"]),
        "zone_id": line["zone_id"],
        "question": line["question"],
        "answer": line["answer"],
        "weight": number_of(line["weight"]),
    }
