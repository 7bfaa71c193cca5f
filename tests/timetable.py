"""Writes small public timetables (GTFS), for tests."""

import zipfile
from pathlib import Path

STOPS = """stop_id,stop_name,stop_lon,stop_lat,location_type
A,Duomo,11.1215,46.0673,0
B,Porto,11.1300,46.0600,
C,Oltre,12.5000,46.0600,0
S,Stazione,11.1215,46.0673,1
"""
# Monday 2026-03-02 is the first day; the last Sunday is 2026-03-29, when the clock changes.
WEEKDAYS = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
CALENDAR = f"""service_id,{WEEKDAYS},start_date,end_date
work,1,1,1,1,1,0,0,20260302,20260329
night,0,0,0,0,0,1,0,20260302,20260329
"""
DATES = """service_id,date,exception_type
work,20260309,2
feast,20260308,1
"""
TRIPS = """route_id,service_id,trip_id
1,work,w1
1,night,n1
1,feast,f1
"""
STOP_TIMES = """trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type
w1,08:10:00,08:10:00,A,1,0
w1,,,B,2,0
w1,09:10:00,09:10:00,C,9,0
n1,23:50:00,23:50:00,A,1,0
n1,24:20:00,24:20:00,B,2,0
n1,24:40:00,24:40:00,C,3,0
f1,10:00:00,10:00:00,A,10,1
f1,10:05:00,10:05:00,B,20,0
f1,10:20:00,10:20:00,C,30,0
"""
FILES = {
    "stops.txt": "\ufeff" + STOPS, "calendar.txt": CALENDAR, "calendar_dates.txt": DATES,
    "trips.txt": TRIPS, "stop_times.txt": STOP_TIMES,
}  # fmt: skip


def write(file: Path, **changes: str | None) -> None:
    """Write the timetable; `changes` replaces a file's text by its name, None leaves it out."""
    files = FILES | {f"{name}.txt": text for name, text in changes.items()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text)
