"""Door of stop_service: how often a stop is left in one hour of the week, by the timetable."""

from expectations.station import Station, between, present, unique

STATION = Station(
    noun="stop_service",
    key=("place_id", "hour_of_week"),
    columns=("place_id", "hour_of_week", "source", "departures_mean", "counted_on"),
    rules=(
        *present("place_id", "hour_of_week", "source", "departures_mean", "counted_on"),
        between("hour_of_week", 0, 167),
        between("departures_mean", 0, 1_000, "departures"),
        unique("place_id", "hour_of_week"),
    ),
)
