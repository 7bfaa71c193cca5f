"""Door of weather_hour: the weather of one hour over the city."""

from expectations.station import Row, Rule, Station, between, present, unique


def flatten(row: Row) -> dict:
    start = row["hour_start_at"]
    return dict(row) | {"is_full_hour": start is None or (start.minute, start.second) == (0, 0)}


STATION = Station(
    noun="weather_hour",
    key=("source", "hour_start_at"),
    columns=("source", "hour_start_at", "temperature_c", "rain_mm", "wind_m_s"),
    flatten=flatten,
    rules=(
        *present("source", "hour_start_at"),
        Rule(
            "hour_is_full",
            "hour_start does not begin an hour",
            "ExpectColumnValuesToBeInSet",
            {"column": "is_full_hour", "value_set": [True]},
        ),
        between("temperature_c", -60, 60, "degrees Celsius"),
        between("rain_mm", 0, 400, "mm"),
        between("wind_m_s", 0, 120, "m/s"),
        unique("source", "hour_start_at"),
    ),
)
