"""A forecast as rows: the week, the cells it names, their hours, the windows placed freely."""

import datetime as dt
from typing import Any

import numpy as np
import psycopg

from models.risk.forecast import (
    MODEL_VERSION,
    Forecast,
    Incidents,
    NotEnoughIncidents,
    bands,
    rows,
)
from models.risk.stored import packed
from precrisis.forecast.known import forecast_from, incidents_before, numbers
from precrisis.forecast.squares import cell_id, cell_polygons, polygons
from precrisis.outcome import Outcome
from precrisis.warehouse import connect, upsert

CELL, HOUR = ("starts_on", "cell_id"), ("starts_on", "cell_id", "starts_local")


def publish(day: dt.date, outcome: Outcome) -> None:
    """Write the forecast from a local day on, in place of an earlier one from the same day."""
    with connect("analysis") as connection:
        connection.execute("DELETE FROM raw.forecast WHERE starts_on = %s", (day,))
        try:
            known = incidents_before(connection, day)
            told = forecast_from(known, day)
        except NotEnoughIncidents as reason:
            outcome.detail = f"nothing published: {reason}"
            return
        outcome.rows_in = len(known.xy)
        outcome.rows_out = _write(connection, day, told, known)
    choice = told.outlook.choice
    outcome.detail = f"numbers by {choice.expected}, places by {choice.ranking}"


def _write(connection: psycopg.Connection, day: dt.date, told: Forecast, known: Incidents) -> int:
    named = bands(told)
    upsert(connection, "raw.forecast", ("starts_on",), [week_row(day, told, known)])
    upsert(connection, "raw.forecast_cell", CELL, cell_rows(day, told, named))
    upsert(connection, "raw.forecast_hour", HOUR, hour_rows(day, told, list(named)))
    upsert(connection, "raw.forecast_window", ("starts_on", "place"), window_rows(day, told))
    return len(named)


def week_row(day: dt.date, told: Forecast, known: Incidents) -> dict[str, Any]:
    """What the forecast rests on, and the evidence that its methods were chosen by."""
    choice = told.outlook.choice
    return {
        "starts_on": day,
        "horizon_h": int(numbers().forecast_horizon_h.value),
        "cell_m": told.grid.cell_m,
        "incident_count": len(known.xy),
        "learnt_from": known.middle.min().astype("datetime64[D]").item(),
        "cells_ever_hit": told.cells_ever_hit,
        "expected_total": float(told.outlook.total),
        "counted_by": choice.expected,
        "ranked_by": choice.ranking,
        **_gain("likelihood", choice.log_likelihood_gain.get(choice.expected)),
        **_gain("hit", choice.hit_rate_gain.get(choice.ranking)),
        "model_version": MODEL_VERSION,
        "surface": packed(told),
    }


def _gain(name: str, gain: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = (v if np.isfinite(v) else None for v in gain or (np.nan, np.nan))
    return {f"{name}_gain_low": low, f"{name}_gain_high": high}


def cell_rows(day: dt.date, told: Forecast, named: dict[int, str]) -> list[dict[str, Any]]:
    """The named cells, best first, with what is expected of each over the whole horizon."""
    horizon_h = int(numbers().forecast_horizon_h.value)
    whole = rows(told, horizon_h, horizon_h, np.array(list(named)))
    return [
        {
            "starts_on": day,
            "cell_id": cell_id(told.grid, row.cell),
            "place": place,
            "band": named[row.cell],
            **_counts(row),
            "geom": shape,
        }
        for place, (row, shape) in enumerate(
            zip(whole.itertuples(), cell_polygons(told.grid, named), strict=True), start=1
        )
    ]


def hour_rows(day: dt.date, told: Forecast, cells: list[int]) -> list[dict[str, Any]]:
    """The steps of each cell, by local time."""
    horizon_h, step_h = (
        int(n.value) for n in (numbers().forecast_horizon_h, numbers().forecast_step_h)
    )
    return [
        {
            "starts_on": day,
            "cell_id": cell_id(told.grid, row.cell),
            "starts_local": row.starts_at.to_pydatetime(),
            "step_h": step_h,
            **_counts(row),
        }
        for row in rows(told, horizon_h, step_h, np.array(cells)).itertuples()
    ]


def _counts(row: Any) -> dict[str, Any]:
    return {"expected": float(row.expected), "low": int(row.low), "high": int(row.high)}


def window_rows(day: dt.date, told: Forecast) -> list[dict[str, Any]]:
    """The windows, in the order in which they were placed."""
    shapes = polygons(told.windows.corner_m, told.windows.side_m)
    return [
        {"starts_on": day, "place": place, "geom": shape}
        for place, shape in enumerate(shapes, start=1)
    ]
