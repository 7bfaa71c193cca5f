"""risk_score: fit what the past says of each zone and hour, and build the index on it.

Zones are of any shape and smaller than a cell of the place forecast, so their counts are their own;
how well places are told is judged there (forecast/scoring.py).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect, upsert

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

INCIDENTS = """
SELECT zone_id, occurred_mid_at FROM intermediate.int_incidents_zoned
WHERE zone_id IS NOT NULL AND occurred_mid_at < %s
"""


def fit_baseline(run: Run) -> int:
    """Fit on all incidents before the interval's end and write the baseline; return its rows."""
    from models.risk.baseline import MODEL_VERSION

    step = Step("fit_baseline", "risk_baseline", run, role="analysis", model=MODEL_VERSION)
    done = step.each([run], lambda r: f"{r.interval_end:%Y-%m-%d}", _fit)
    return sum(outcome.rows_out for outcome in done)


def _fit(run: Run, outcome: Outcome) -> None:
    import pandas as pd

    with connect("analysis") as connection:
        zones = [row["zone_id"] for row in connection.execute(
            "SELECT zone_id FROM marts.dim_zone ORDER BY zone_id")]  # fmt: skip
        incidents = pd.DataFrame(connection.execute(INCIDENTS, (run.interval_end,)).fetchall())
        zone = connection.execute("SELECT time_zone FROM raw.city").fetchone()["time_zone"]
        outcome.rows_in = len(incidents)
        if incidents.empty:
            outcome.detail = "no incidents yet: the index goes without a baseline"
            return
        incidents["local"] = incidents["occurred_mid_at"].dt.tz_convert(zone)
        rows = _baseline_rows(incidents, zones, run.interval_end)
        upsert(connection, "raw.risk_baseline", ("zone_id", "hour_of_week", "fitted_on"), rows)
        outcome.rows_out = len(rows)


def _counts(incidents: pd.DataFrame, zones: list[str]) -> np.ndarray:
    """Counts by zone and hour of the local week, shape (zones, 168)."""
    import numpy as np

    from models.risk import baseline

    hour = incidents["local"].dt.dayofweek * 24 + incidents["local"].dt.hour
    counts = np.zeros((len(zones), baseline.HOURS))
    position = {zone: i for i, zone in enumerate(zones)}
    for zone_id, hour_of_week in zip(incidents["zone_id"], hour, strict=True):
        counts[position[zone_id], hour_of_week] += 1
    return counts


def _weeks(start: dt.datetime, end: dt.datetime) -> float:
    return max((end - start).total_seconds() / 604_800, 1.0)


def _baseline_rows(incidents, zones, end: dt.datetime) -> list[dict[str, Any]]:
    from models.risk import baseline

    start = incidents["occurred_mid_at"].min()
    fitted = baseline.fit(_counts(incidents, zones), _weeks(start, end))
    return [
        {
            "zone_id": zone_id,
            "hour_of_week": hour,
            "fitted_on": end.date(),
            "trained_from": start.date(),
            "trained_until": end.date(),
            "expected_incidents": float(fitted.rate[i, hour]),
            "model_version": baseline.MODEL_VERSION,
        }
        for i, zone_id in enumerate(zones)
        for hour in range(baseline.HOURS)
    ]


def build_index(run: Run) -> None:
    """Build the models tagged risk: the index, its latest view, the sheets."""
    from precrisis.transform import build

    build(run, "tag:risk")
