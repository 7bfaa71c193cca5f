"""city_ingest: the calendar, from files of the city, and holidays."""

import datetime as dt
from typing import Any

from expectations import calendar_event
from precrisis.city import City, city
from precrisis.outcome import Outcome
from precrisis.pack.sources import Source
from precrisis.records.files import count_of, lines_of, moment_of
from precrisis.records.taking_in import from_each_source, load_rows
from precrisis.run import Run

COLUMNS = {
    "source_id", "title", "kind", "zone_id", "starts_at", "ends_at", "expected_people",
}  # fmt: skip
DAY = dt.timedelta(days=1)


def take_in_calendar(run: Run) -> int:
    """Write calendar events; return how many passed the door."""
    at = run.interval_end
    return from_each_source(
        "take_in_calendar",
        "calendar_event",
        run,
        lambda source, outcome: _take_in(source, outcome, at),
        lambda source: source.kind != "cap",  # comes oftener, see partner_warnings.py
    )


def _take_in(source: Source, outcome: Outcome, at: dt.datetime) -> None:
    if source.kind == "holidays":
        rows = holiday_rows(city(), source, at)
    else:
        rows = [_row(source.source_id, line) for line in lines_of(source, COLUMNS)]
    station = calendar_event.station([zone.zone_id for zone in city().zones])
    load_rows(source, outcome, rows, station)


def _row(source_id: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "source": source_id,
        "source_id": line["source_id"],
        "title": line["title"],
        "kind": line["kind"],
        "place_id": line["zone_id"],
        "starts_at": moment_of(line["starts_at"]),
        "ends_at": moment_of(line["ends_at"]),
        "expected_people": count_of(line["expected_people"]),
    }


def holiday_rows(the_city: City, source: Source, at: dt.datetime) -> list[dict[str, Any]]:
    """The public holidays of last year, this one and the next, each a local day of the whole city.

    The source's address is a country, or a country and its part whose patron is kept: IT, IT-TN.

    Raises:
        NotImplementedError: the library (holidays) does not know the country or part.
    """
    import holidays

    country, _, part = source.address.partition("-")
    year = at.astimezone(the_city.timezone).year
    found = holidays.country_holidays(
        country, subdiv=part or None, years=range(year - 1, year + 2), language=the_city.language
    )
    return [
        {
            "source": source.source_id,
            "source_id": f"holiday-{day}",
            "title": title,
            "kind": "holiday",
            "place_id": None,
            "starts_at": _midnight(day, the_city),
            "ends_at": _midnight(day + DAY, the_city),
            "expected_people": None,
        }
        for day, title in sorted(found.items())
    ]


def _midnight(day: dt.date, the_city: City) -> dt.datetime:
    """The first moment of a local day, UTC: days of a changing clock have 23 or 25 hours."""
    return dt.datetime.combine(day, dt.time(), the_city.timezone).astimezone(dt.UTC)
