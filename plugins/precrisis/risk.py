"""risk_score: fit what the past says of each zone and hour, and build the index on it.

Zones are of any shape and smaller than a cell of the place forecast, so their counts are their own;
how well places are told is judged there (forecast/scoring.py).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from precrisis import covariates
from precrisis.city import city
from precrisis.covariate_cases import cases_before
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

if TYPE_CHECKING:
    import numpy as np
    import psycopg

# Counted where the records are: of ten million of them, no more than zones x 168 rows leave. Who is
# known to have happened between two times counts by its share in each hour between.
COUNTS = """
SELECT i.zone_id,
    ((extract(isodow FROM i.hour_start_at AT TIME ZONE c.time_zone) - 1) * 24
        + extract(hour FROM i.hour_start_at AT TIME ZONE c.time_zone))::int AS hour_of_week,
    sum(i.incident_share)::float AS incident_count, min(i.occurred_mid_at) AS first_at
FROM intermediate.int_incident_hours AS i
CROSS JOIN raw.city AS c
WHERE i.occurred_mid_at < %s
GROUP BY 1, 2
"""
ZONES = "SELECT zone_id FROM marts.dim_zone ORDER BY zone_id"
FITTED = """
SELECT fitted_on, array_agg(DISTINCT zone_id ORDER BY zone_id) AS zones
FROM raw.risk_baseline
WHERE fitted_on = (SELECT max(fitted_on) FROM raw.risk_baseline WHERE fitted_on <= %s)
GROUP BY fitted_on
"""
WRITE = """
COPY raw.risk_baseline (zone_id, hour_of_week, fitted_on, trained_from, trained_until,
    expected_incidents, model_version) FROM STDIN
"""


def fit_baseline(run: Run) -> int:
    """Fit on all incidents before the interval's end and write the baseline; return its rows.

    A fit stands for the city's `baseline_refit_days`, unless the zones are others since; a rerun
    of its own day fits again.

    Raises:
        StepFailed: the register does not allow the records.
    """
    from models.risk.baseline import MODEL_VERSION

    step = Step("fit_baseline", "risk_baseline", run, role="analysis", model=MODEL_VERSION)
    done = step.each([run], lambda r: f"{r.interval_end:%Y-%m-%d}", _fit)
    return sum(outcome.rows_out for outcome in done)


def _fit(run: Run, outcome: Outcome) -> None:
    for source in city().sources_of("incident"):
        authorise(source, run, "analysis")
    day = run.interval_end.date()
    with connect("analysis") as connection:
        zones = [row["zone_id"] for row in connection.execute(ZONES)]
        if _still_stands(connection, day, zones):
            outcome.status = "unchanged"
            return
        found = connection.execute(COUNTS, (run.interval_end,)).fetchall()
        outcome.rows_in = round(sum(row["incident_count"] for row in found))
        if not found:
            outcome.detail = "no incidents yet: the index goes without a baseline"
            return
        outcome.rows_out = _write(connection, day, zones, found, run.interval_end)


def _still_stands(connection: psycopg.Connection, day: dt.date, zones: list[str]) -> bool:
    newest = connection.execute(FITTED, (day,)).fetchone()
    if newest is None or newest["zones"] != zones:
        return False
    age = (day - newest["fitted_on"]).days
    return 0 < age < city().thresholds.risk_points["baseline_refit_days"].value


def counts_of(found: list[dict], zones: list[str]) -> np.ndarray:
    """Counts by zone and hour of the local week, (zones, 168); a zone that is gone falls out."""
    import numpy as np

    from models.risk import baseline

    counts, position = np.zeros((len(zones), baseline.HOURS)), {z: i for i, z in enumerate(zones)}
    for row in found:
        if row["zone_id"] in position:
            counts[position[row["zone_id"]], row["hour_of_week"]] = row["incident_count"]
    return counts


def _write(connection: psycopg.Connection, day: dt.date, zones, found, end: dt.datetime) -> int:
    """Fit and write every zone and hour of the week, in place of an earlier fit of that day."""
    from models.risk import baseline

    first = min(row["first_at"] for row in found)
    weeks = max((end - first).total_seconds() / 604_800, 1.0)
    counts, cases = counts_of(found, zones), cases_before(connection, end)
    of_people, bend = covariates.exposures(connection, cases, counts, zones, end)
    covariates.write(connection, day, [*covariates.moments(cases), *of_people])
    rate = baseline.fit(counts, weeks, bend).rate
    trained = (day, first.date(), day)
    connection.execute("DELETE FROM raw.risk_baseline WHERE fitted_on = %s", (day,))
    with connection.cursor() as cursor, cursor.copy(WRITE) as copy:
        for zone_id, rates in zip(zones, rate.tolist(), strict=True):
            for hour, expected in enumerate(rates):
                copy.write_row((zone_id, hour, *trained, expected, baseline.MODEL_VERSION))
    return rate.size


def build_index(run: Run) -> None:
    """Build the models tagged risk: the index, its latest view, the sheets."""
    from precrisis.dbt_build import dbt_build

    dbt_build(run.interval_end, ["tag:risk"])
