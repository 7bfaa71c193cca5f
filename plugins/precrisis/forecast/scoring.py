"""Forecasts whose week is over, judged by what came: the published one, and plain ones beside it.

What was published is judged as it was stored. A week for which nothing was is told backwards, from
what was known before it, so that a city sees from the first day how far the forecast can be
trusted; such a row says so.
"""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg

from models.risk.forecast import BANDS, NotEnoughIncidents, Surface
from models.risk.forecast_score import score
from models.risk.stored import unpacked
from precrisis.forecast.known import forecast_from, incidents_before, incidents_between, numbers
from precrisis.forecast.splits import checks, judged, learnt_from_reported, split_rows
from precrisis.outcome import Outcome
from precrisis.warehouse import connect, upsert

WEEK = dt.timedelta(weeks=1)
PUBLISHED = "SELECT starts_on FROM raw.forecast WHERE starts_on BETWEEN %s AND %s ORDER BY 1"
SURFACE = "SELECT surface FROM raw.forecast WHERE starts_on = %s"
FORGET = """
DELETE FROM raw.forecast_score
WHERE fitted_on = %(day)s OR is_backcast AND abs(fitted_on - %(day)s) < 7
"""
FORGET_SPLITS = """
DELETE FROM raw.forecast_split AS s
WHERE NOT EXISTS (SELECT FROM raw.forecast_score AS f WHERE f.fitted_on = s.fitted_on)
    OR s.fitted_on = %s
"""
NONE = dict.fromkeys(("districts_differ_p", "found_odds_ratio", "found_odds_p", "feedback_ratio"))
COLUMNS = {
    "cells": "cell_count", "km2": "area_km2", "floor": "floor_rate", "ceiling": "ceiling_rate",
    "hindsight": "hindsight_rate", "hit_rate_free": "windows_rate",
}  # fmt: skip


def weeks_to_judge(today: dt.date) -> list[dt.date]:
    """Return the first days of the weeks that ended in the last weeks, the earliest first.

    Records arrive late, so that a week is judged anew until the city's `forecast_late_weeks` are
    past. Weeks counted back from today that no published forecast overlaps are told backwards.
    """
    late = int(numbers().forecast_late_weeks.value)
    with connect("analysis") as connection:
        span = today - late * WEEK, today
        published = [row["starts_on"] for row in connection.execute(PUBLISHED, span)]
    back = [today - weeks * WEEK for weeks in range(1, late + 1)]
    bare = [day for day in back if all(abs(day - told) >= WEEK for told in published)]
    return sorted([told for told in published if told + WEEK <= today] + bare)


def judge(day: dt.date, outcome: Outcome) -> None:
    """Score the week from `day` on, in place of an earlier judgement of it."""
    with connect("analysis") as connection:
        try:
            told, is_backcast = _told(connection, day)
        except NotEnoughIncidents as reason:
            outcome.detail = f"not judged: {reason}"
            return
        later = incidents_between(connection, day, day + WEEK)
        outcome.rows_in = len(later.xy)
        rows = score_rows(day, score(told, later.xy), is_backcast)
        week = judged(told, later)
        for row in rows:
            row |= checks(week, learnt_from_reported(connection, told)) if is_main(row) else NONE
        connection.execute(FORGET, {"day": day})
        key = ("fitted_on", "method", "area_share")
        outcome.rows_out = upsert(connection, "raw.forecast_score", key, rows)
        connection.execute(FORGET_SPLITS, (day,))
        parts = [{"fitted_on": day} | row for row in split_rows(week)]
        upsert(connection, "raw.forecast_split", ("fitted_on", "split", "name"), parts)


def _told(connection: psycopg.Connection, day: dt.date) -> tuple[Surface, bool]:
    kept = connection.execute(SURFACE, (day,)).fetchone()
    if kept:
        return unpacked(kept["surface"]), False
    return forecast_from(incidents_before(connection, day), day), True


def is_main(row: dict[str, Any]) -> bool:
    """The row of what was shown at the area share of the windows: whole-week checks stand there."""
    return row["method"] == "published" and row["area_share"] == BANDS["high"]


def score_rows(day: dt.date, table: pd.DataFrame, is_backcast: bool) -> list[dict[str, Any]]:
    """Rows of raw.forecast_score: method "published" is what was shown, `told_by` its method."""
    table = table.rename(columns=COLUMNS).assign(told_by=table["method"])
    table.loc[table["is_published"], "method"] = "published"
    week = {
        "fitted_on": day,
        "tested_from": day,
        "tested_until": day + WEEK - dt.timedelta(days=1),
        "is_backcast": is_backcast,
    }
    values = table.drop(columns="is_published").astype(object)
    return [week | row for row in values.where(values.notna(), None).to_dict("records")]
