"""incidents_ingest: answers of victimisation and perception surveys, each by itself.

A row is one answer: its number says nothing of who gave it, nor which other answers they gave. Who
was asked and did not answer is a row too, so that non-response can be counted.
"""

from typing import Any

from expectations import survey_answer
from precrisis.city import city
from precrisis.outcome import Outcome
from precrisis.pack.sources import Source
from precrisis.records.files import day_of, number_of
from precrisis.records.taking_in import from_each_source, load_lines
from precrisis.run import Run

COLUMNS = {"source_id", "wave", "wave_ended_on", "zone_id", "question", "answer", "weight"}


def take_in_surveys(run: Run) -> int:
    """Write survey answers; return how many passed the door."""
    return from_each_source("take_in_surveys", "survey_answer", run, _take_in)


def _take_in(source: Source, outcome: Outcome) -> None:
    station = survey_answer.station([zone.zone_id for zone in city().zones])
    load_lines(source, outcome, COLUMNS, _row, station)


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
