"""city_ingest: the weather by hour, from a file of a station of the city's."""

from expectations.weather_hour import STATION
from precrisis import door
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.records.files import count_of, lines_of, moment_of
from precrisis.run import Run
from precrisis.warehouse import connect

COLUMNS = {"hour_start", "temperature_c", "rain_mm", "wind_m_s"}


def take_in_weather(run: Run) -> int:
    """Write the weather by hour; return how many hours passed the door."""
    step = Step("take_in_weather", "weather_hour", run, role="ingest")
    sources = city().sources_of("weather_hour")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    authorise(source, run, "ingest")
    rows = [
        {
            "source": source.source_id,
            "hour_start_at": moment_of(line["hour_start"]),
            "temperature_c": count_of(line["temperature_c"]),
            "rain_mm": count_of(line["rain_mm"]),
            "wind_m_s": count_of(line["wind_m_s"]),
        }
        for line in lines_of(source, COLUMNS)
    ]
    outcome.rows_in = len(rows)
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, STATION, rows, source.source_id)
