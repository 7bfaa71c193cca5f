"""city_ingest: timetables (GTFS) become departures by stop and hour of the week."""

from expectations.stop_service import STATION
from precrisis import door
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.maps.timetable import departures
from precrisis.outcome import Outcome, Refused, Step
from precrisis.pack.sources import Source
from precrisis.run import Run
from precrisis.warehouse import connect

STOPS = "SELECT place_id FROM raw.place WHERE kind = 'stop' AND source = %s"
LEFT = """
DELETE FROM raw.stop_service WHERE source = %(source)s
    AND NOT (place_id, hour_of_week) IN (SELECT * FROM unnest(%(places)s::text[], %(hours)s::int[]))
"""
NOT_NAMED = "DELETE FROM raw.stop_service WHERE NOT source = ANY(%s)"


def take_in_timetables(run: Run) -> int:
    """Write the departures at the city's stops; return how many stop-hours have any."""
    step = Step("take_in_timetables", "stop_service", run, role="ingest")
    sources = [source for source in city().sources_of("place") if source.kind == "gtfs"]
    with connect("ingest") as connection:
        connection.execute(NOT_NAMED, ([source.source_id for source in sources],))
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    authorise(source, run, "ingest")
    on = run.interval_end.astimezone(city().timezone).date()
    with connect("ingest") as connection:
        stops = {row["place_id"] for row in connection.execute(STOPS, (source.source_id,))}
        rows = [
            {
                "place_id": f"stop:{source.source_id}:{stop_id}",
                "hour_of_week": hour,
                "source": source.source_id,
                "departures_mean": count,
                "counted_on": on,
            }
            for (stop_id, hour), count in departures(source.address, on).items()
        ]
        rows = [row for row in rows if row["place_id"] in stops]  # the others lie outside the city
        if not rows:
            raise Refused("stops_known", "no stop of the city has a departure; is its key stop_id?")
        outcome.rows_in = len(rows)
        outcome.rows_out = door.load(connection, STATION, rows, source.source_id)
        places, hours = zip(*((row["place_id"], row["hour_of_week"]) for row in rows), strict=True)
        facts = {"source": source.source_id, "places": list(places), "hours": list(hours)}
        connection.execute(LEFT, facts)
