"""Stops and departures by hour of a public timetable (GTFS, https://gtfs.org/schedule/reference/).

Times of a timetable are the city's local clock; 24:10 belongs to the next day's first hour. On the
two days when the clock changes the clock time is kept, as timetables do.
"""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from precrisis.maps.formats import LARGEST_BYTES
from precrisis.maps.layer import Layer
from precrisis.maps.reading import Feature
from precrisis.outcome import Refused

if TYPE_CHECKING:
    import pandas as pd

# Weeks that are looked at: one alone may be a holiday week.
DAYS = 28
WEEK_H = 168
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
CALENDAR = ["service_id", *WEEKDAYS, "start_date", "end_date"]
EXCEPTIONS = ["service_id", "date", "exception_type"]
ADDED, NOT_BOARDED = "1", "1"  # an added service; a pickup_type without boarding


def read_stops(address: str, layer: Layer) -> list[Feature]:
    """Return the stops where vehicles halt (not stations and entrances), with the layer's columns.

    Raises:
        FileNotFoundError: there is no such file.
        Refused: it is no timetable, or lacks a column.
    """
    stops = _table(address, "stops.txt", ["stop_id", "stop_lon", "stop_lat", *layer.columns])
    if "location_type" in stops:
        stops = stops[stops["location_type"].isin(["", "0"])]
    return [
        Feature({name: row[name] or None for name in layer.columns}, _point(row))
        for row in stops.to_dict("records")
    ]


def departures(address: str, on: dt.date) -> dict[tuple[str, int], float]:
    """Return the mean departures by stop and hour of the local week (0 = Monday 00:00).

    The mean is over the four weeks from `on`, or the last four weeks that the timetable holds. A
    vehicle's last halt is no departure.

    Raises:
        FileNotFoundError: there is no such file.
        Refused: it is no timetable, or has ended.
    """
    import pandas as pd

    services = _services(address, on)
    trips = _table(address, "trips.txt", ["trip_id", "service_id"])
    halts = _repeated(_halts(address), _table(address, "frequencies.txt", [], is_needed=False))
    halts = halts.merge(trips[["trip_id", "service_id"]], on="trip_id")
    halts = halts.merge(services, on="service_id")
    hours = halts["weekday"] * 24 + halts["seconds"] // 3600
    halts["hour"] = (hours % WEEK_H).astype(int)
    found: pd.Series = halts.groupby(["stop_id", "hour"])["share"].sum()
    return {(str(stop), int(hour)): float(count) for (stop, hour), count in found.items()}


def _services(address: str, on: dt.date) -> "pd.DataFrame":
    """By service and weekday, the share of the days looked at on which it runs."""
    import pandas as pd

    running = _running(address)
    last = max((day for days in running.values() for day in days), default=None)
    if last is None or last < on:
        reason = f"the timetable ended on {last}; fetch the new one" if last else "no service runs"
        raise Refused("timetable_current", reason)
    first = min(on, last - dt.timedelta(days=DAYS - 1))
    days = [first + dt.timedelta(days=n) for n in range(DAYS)]
    rows = [
        (service, weekday, sum(d in runs for d in days if d.weekday() == weekday) / (DAYS / 7))
        for service, runs in running.items()
        for weekday in range(7)
    ]
    services = pd.DataFrame(rows, columns=["service_id", "weekday", "share"])
    return services[services["share"] > 0]


def _running(address: str) -> dict[str, set[dt.date]]:
    """The days on which each service runs: by its weekdays, but for added and removed days."""
    running: dict[str, set[dt.date]] = {}
    for row in _table(address, "calendar.txt", CALENDAR, is_needed=False).to_dict("records"):
        first, last = _day(row["start_date"]), _day(row["end_date"])
        every = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
        days = {day for day in every if row[WEEKDAYS[day.weekday()]] == "1"}
        running.setdefault(row["service_id"], set()).update(days)
    changes = _table(address, "calendar_dates.txt", EXCEPTIONS, is_needed=False)
    for row in changes.to_dict("records"):
        days, day = running.setdefault(row["service_id"], set()), _day(row["date"])
        days.add(day) if row["exception_type"] == ADDED else days.discard(day)
    return running


def _halts(address: str) -> "pd.DataFrame":
    """Where and when each trip may be boarded: trip_id, stop_id, seconds after midnight."""
    wanted = ["trip_id", "stop_id", "departure_time", "stop_sequence"]
    halts = _table(address, "stop_times.txt", wanted)
    halts["stop_sequence"] = halts["stop_sequence"].astype(int)
    halts = halts.sort_values(["trip_id", "stop_sequence"], kind="stable")
    clock = halts["departure_time"].str.strip().str.split(":", expand=True)
    parts = [clock[n].where(clock[n] != "").astype(float) for n in range(3)]
    # Times between timing points may be left out; first and last halts have one.
    halts["seconds"] = (parts[0] * 3600 + parts[1] * 60 + parts[2]).interpolate()
    is_last = ~halts["trip_id"].duplicated(keep="last")
    is_closed = halts["pickup_type"].eq(NOT_BOARDED) if "pickup_type" in halts else False
    return halts.loc[~(is_last | is_closed), ["trip_id", "stop_id", "seconds"]]


def _repeated(halts: "pd.DataFrame", frequencies: "pd.DataFrame") -> "pd.DataFrame":
    """Trips given by headway, as the departures they stand for."""
    import pandas as pd

    if frequencies.empty:
        return halts
    begins = halts.groupby("trip_id")["seconds"].min()
    runs = [
        (row["trip_id"], at - begins[row["trip_id"]])
        for row in frequencies.to_dict("records")
        if row["trip_id"] in begins
        for at in range(
            _seconds(row["start_time"]), _seconds(row["end_time"]), int(row["headway_secs"])
        )
    ]
    repeated = halts.merge(pd.DataFrame(runs, columns=["trip_id", "later"]), on="trip_id")
    repeated["seconds"] += repeated.pop("later")
    return pd.concat([halts[~halts["trip_id"].isin(frequencies["trip_id"])], repeated])


def _table(address: str, name: str, wanted: list[str], is_needed: bool = True) -> "pd.DataFrame":
    """One file of the zip, every value as text; empty where it is not there and not needed."""
    import pandas as pd

    try:
        with zipfile.ZipFile(Path(address)) as archive:
            if name not in archive.namelist() and not is_needed:
                return pd.DataFrame(columns=wanted)
            if archive.getinfo(name).file_size > LARGEST_BYTES:
                raise Refused("file_is_small", f"{name} unpacks to more than {LARGEST_BYTES} bytes")
            content = io.BytesIO(archive.read(name))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError):
        reason = f"no zip with {name} that can be read; fetch the timetable anew"
        raise Refused("file_readable", reason) from None
    try:
        table = pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError):  # pandas' own errors are ValueErrors
        raise Refused("file_readable", f"{name} is no UTF-8 CSV; fetch it anew") from None
    if missing := sorted(set(wanted) - set(table.columns)):
        raise Refused("columns_known", f"{name} has no column {missing}")
    return table


def _point(row: dict[str, str]) -> shapely.Point | None:
    try:
        return shapely.Point(float(row["stop_lon"]), float(row["stop_lat"]))
    except ValueError:
        return None


def _seconds(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.strip().split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%Y%m%d").date()
