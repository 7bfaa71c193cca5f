"""Where incidents cluster more than chance makes them, and how far and long they repeat."""

import datetime as dt
from typing import Any

import numpy as np

from models.risk.forecast import Incidents
from models.risk.grid import Grid
from models.risk.hot_spots import getis_ord, hot, mean_around, study_area
from models.risk.near_repeat import near_repeat_table
from precrisis.forecast.known import incidents_between, numbers
from precrisis.forecast.squares import cell_id, cell_polygons
from precrisis.outcome import Outcome
from precrisis.warehouse import connect, upsert

# What is looked at beside the city's own distance and delay, to see where repeats end.
DISTANCES_M, DELAYS_D = (100, 200, 400), (1, 3, 7, 14)


def find(day: dt.date, outcome: Outcome) -> None:
    """Test the city's `hot_spot_weeks` before a local day; an earlier test of that day goes."""
    since = day - dt.timedelta(weeks=int(numbers().hot_spot_weeks.value))
    with connect("analysis") as connection:
        known = incidents_between(connection, since, day)
        outcome.rows_in = len(known.xy)
        for table in ("raw.hot_spot", "raw.near_repeat"):
            connection.execute(f"DELETE FROM {table} WHERE tested_on = %s", (day,))
        least = numbers().forecast_min_incidents.value
        if len(known.xy) < least:
            outcome.detail = f"not tested: {len(known.xy)} incidents, {least:.0f} are wanted"
            return
        test = {"tested_on": day, "tested_from": since}
        key = ("tested_on", "cell_id")
        outcome.rows_out = upsert(connection, "raw.hot_spot", key, hot_rows(test, known))
        key = ("tested_on", "within_m", "within_days")
        upsert(connection, "raw.near_repeat", key, repeat_rows(test, known))


def hot_rows(test: dict[str, Any], known: Incidents) -> list[dict[str, Any]]:
    """Hot cells with z of Gi*, and how often the mean of the study area lies around each."""
    grid = Grid.covering(known.xy, numbers().forecast_cell_m.value)
    counts = np.bincount(grid.cells(known.xy), minlength=grid.size).reshape(grid.shape)
    studied = study_area(counts)
    z = getis_ord(counts, studied)
    cells = np.flatnonzero(hot(z, numbers().hot_spot_false_discoveries.value))
    around = mean_around(counts, studied) / counts[studied].mean()
    return [
        {
            **test,
            "cell_id": cell_id(grid, cell),
            "z": float(z.flat[cell]),
            "times_mean": float(around.flat[cell]),
            "geom": shape,
        }
        for cell, shape in zip(cells.tolist(), cell_polygons(grid, cells), strict=True)
    ]


def repeat_rows(test: dict[str, Any], known: Incidents) -> list[dict[str, Any]]:
    """Pairs near in place and time against chance; `is_main` marks the city's own question."""
    near_m, soon = numbers().near_repeat_m.value, int(numbers().near_repeat_days.value)
    distances, delays = sorted({*DISTANCES_M, near_m}), sorted({*DELAYS_D, soon})
    days = known.middle.astype("datetime64[D]").astype(int)
    return [
        {
            **test,
            "within_m": row["within_m"],
            "within_days": row["within_days"],
            "pair_count": row["pairs"],
            "ratio": row["ratio"],
            "p_value": row["p"],
            "is_main": (row["within_m"], row["within_days"]) == (near_m, soon),
        }
        for row in near_repeat_table(known.xy, days, tuple(distances), tuple(delays))
    ]
