"""city_ingest: the weather by hour, from a file of a station of the city's."""

from typing import Any

from expectations.weather_hour import STATION
from precrisis.outcome import Outcome
from precrisis.pack.sources import Source
from precrisis.records.files import count_of, moment_of
from precrisis.records.taking_in import from_each_source, load_lines
from precrisis.run import Run

COLUMNS = {"hour_start", "temperature_c", "rain_mm", "wind_m_s"}


def take_in_weather(run: Run) -> int:
    """Write the weather by hour; return how many hours passed the door."""
    return from_each_source("take_in_weather", "weather_hour", run, _take_in)


def _take_in(source: Source, outcome: Outcome) -> None:
    load_lines(source, outcome, COLUMNS, _row, STATION)


def _row(source_id: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "source": source_id,
        "hour_start_at": moment_of(line["hour_start"]),
        "temperature_c": count_of(line["temperature_c"]),
        "rain_mm": count_of(line["rain_mm"]),
        "wind_m_s": count_of(line["wind_m_s"]),
    }
