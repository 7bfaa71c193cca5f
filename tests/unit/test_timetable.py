"""Departures of a timetable: by local hour, of the days that run, and of nothing that has ended."""

import datetime as dt

import pytest

from precrisis.maps.layer import Layer
from precrisis.maps.timetable import departures, read_stops
from precrisis.outcome import Refused
from tests import timetable

LAYER = Layer(becomes="stop", kind="bus_stop", key="stop_id", name="stop_name")
MONDAY = dt.date(2026, 3, 2)
DAY_H = 24


@pytest.fixture
def file(tmp_path):
    timetable.write(tmp_path / "gtfs.zip")
    return tmp_path / "gtfs.zip"


def test_departures_are_means_over_the_days_by_local_hour(file):
    work = {("A", day * DAY_H + 8): 1.0 for day in range(1, 5)}
    work |= {("B", day * DAY_H + 8): 1.0 for day in range(1, 5)}  # 08:40, between its neighbours
    monday = {("A", 8): 0.75, ("B", 8): 0.75}  # one of four Mondays is taken out
    night = {("A", 5 * DAY_H + 23): 1.0, ("B", 6 * DAY_H): 1.0}  # 24:20 is Sunday's first hour
    feast = {("B", 6 * DAY_H + 10): 0.25}  # one Sunday; nobody boards at A, C is its last halt
    assert departures(str(file), MONDAY) == work | monday | night | feast


def test_near_its_end_a_timetable_s_last_four_weeks_are_looked_at(file):
    assert departures(str(file), dt.date(2026, 3, 27)) == departures(str(file), MONDAY)


def test_a_night_that_ends_the_week_goes_on_in_its_first_hours(tmp_path):
    sunday = timetable.CALENDAR.replace("0,1,0,2026", "0,0,1,2026")
    timetable.write(tmp_path / "gtfs.zip", calendar=sunday)
    found = departures(str(tmp_path / "gtfs.zip"), MONDAY)
    assert (found["A", 6 * DAY_H + 23], found["B", 0]) == (1.0, 1.0)


def test_a_headway_stands_for_its_departures(tmp_path):
    every = "trip_id,start_time,end_time,headway_secs\nn1,22:00:00,23:00:00,1200\n"
    timetable.write(tmp_path / "gtfs.zip", frequencies=every)
    found = departures(str(tmp_path / "gtfs.zip"), MONDAY)
    assert found["A", 5 * DAY_H + 22] == 3.0  # 22:00, 22:20, 22:40
    assert found["B", 5 * DAY_H + 22] == 2.0  # 22:30, 22:50
    assert found["B", 5 * DAY_H + 23] == 1.0  # 23:10
    assert ("A", 5 * DAY_H + 23) not in found


def test_stops_are_where_vehicles_halt(file):
    found = {f.values["stop_id"]: f.geometry.coords[0] for f in read_stops(str(file), LAYER)}
    assert found == {"A": (11.1215, 46.0673), "B": (11.13, 46.06), "C": (12.5, 46.06)}


def test_a_timetable_that_has_ended_is_refused_with_its_last_day(file):
    with pytest.raises(Refused, match="timetable_current: the timetable ended on 2026-03-28"):
        departures(str(file), dt.date(2026, 3, 29))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stop_times": None}, "no zip with stop_times.txt"),
        ({"trips": "route_id,trip_id\n1,w1\n"}, r"trips.txt has no column \['service_id'\]"),
        ({"trips": ""}, "trips.txt is no UTF-8 CSV"),
        ({"calendar": None, "calendar_dates": None}, "timetable_current: no service runs"),
    ],
)
def test_what_is_missing_is_named(tmp_path, changes, message):
    timetable.write(tmp_path / "gtfs.zip", **changes)
    with pytest.raises(Refused, match=message):
        departures(str(tmp_path / "gtfs.zip"), MONDAY)


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "gtfs.zip").write_bytes(b"PK no zip")
    with pytest.raises(Refused, match=r"no zip with stops\.txt"):
        read_stops(str(tmp_path / "gtfs.zip"), LAYER)
