"""risk_score: what bends the baseline, learnt from the city's own incidents, with its evidence."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from precrisis.covariate_cases import WEEKS_COMPARED
from precrisis.warehouse import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import psycopg

    from models.risk.covariates import Covariate

CIRCUMSTANCES = ("rain", "darkness", "lit_darkness", "holiday", "event")
REPEATS = ("repeat_soon", "repeat_week", "repeat_around")
EXPOSURES = ("departures", "people")
MOST_OF_EXPOSURE = 5_000  # cases: more tell no more, and cost
DEPARTURES = """
SELECT zone_id, hour_of_week, departures_mean AS present FROM intermediate.int_departures_hourly
"""
# Published counts: what is hidden for being small is not known here either.
PEOPLE = """
SELECT p.zone_id, avg(p.people_mean) AS present,
    ((extract(isodow FROM p.hour_start_at AT TIME ZONE c.time_zone) - 1) * 24
        + extract(hour FROM p.hour_start_at AT TIME ZONE c.time_zone))::int AS hour_of_week
FROM intermediate.int_cameras_hourly AS p
CROSS JOIN raw.city AS c
WHERE p.hour_start_at >= %(until)s - interval '56 days' AND p.hour_start_at < %(until)s
    AND p.people_mean IS NOT NULL
GROUP BY 1, 3
"""


def moments(cases: list[dict]) -> list[Covariate]:
    """What of the hour itself, and of the days before it, tells when incidents happen."""
    import numpy as np

    from models.risk.covariates import Choices, select

    names, shape = (*CIRCUMSTANCES, *REPEATS), (-1, WEEKS_COMPARED)
    values = np.array([[row[name] for name in names] for row in cases], float)
    is_open, is_taken, weight, week = (
        np.array([row[name] for row in cases], kind).reshape(shape)
        for name, kind in (("is_open", bool), ("is_taken", bool), ("share", float), ("week", int))
    )
    choices = Choices(
        values.reshape(*shape, len(names)), np.where(is_open, 0.0, -np.inf),
        is_taken.argmax(axis=1), weight[:, 0], week[:, 0],
    )  # fmt: skip
    return select(choices, names, frozenset(REPEATS))


def exposures(
    connection: psycopg.Connection, cases: list[dict], counts: np.ndarray, zones: list[str], until
) -> tuple[list[Covariate], np.ndarray]:
    """What of who is there tells at which hour of a zone's week; and the bend, (zones, 168)."""
    import numpy as np

    from models.risk.baseline import city_profile
    from models.risk.covariates import Choices, select, tilted

    present = np.stack([
        _present(connection.execute(DEPARTURES), zones, otherwise=0.0),
        _present(connection.execute(PEOPLE, {"until": until}), zones, otherwise=np.nan),
    ], axis=-1)  # fmt: skip
    place = {zone: position for position, zone in enumerate(zones)}
    taken = [row for row in cases if row["is_taken"] and row["zone_id"] in place]
    taken = taken[:MOST_OF_EXPOSURE]
    zone = np.array([place[row["zone_id"]] for row in taken], int)
    hour, week = (np.array([row[n] for row in taken], int) for n in ("hour_of_week", "week"))
    weight = np.array([row["share"] for row in taken], float)
    offset = np.tile(np.log(city_profile(counts)), (len(zone), 1))
    found = select(Choices(present[zone], offset, hour, weight, week), EXPOSURES)
    return found, tilted(present, found)


def _present(rows, zones: list[str], otherwise: float) -> np.ndarray:
    """ln(1 + people or departures) by zone and hour of the week (zones, 168), less a zone's mean.

    A zone of which nothing is known stays unknown; an hour of a known one is `otherwise`.
    """
    import numpy as np

    from models.risk.baseline import HOURS

    place = {zone: position for position, zone in enumerate(zones)}
    found = [row for row in rows if row["zone_id"] in place]
    present = np.full((len(zones), HOURS), np.nan)
    present[[place[row["zone_id"]] for row in found]] = otherwise
    for row in found:
        present[place[row["zone_id"]], row["hour_of_week"]] = np.log1p(row["present"])
    return present - present.mean(axis=1, keepdims=True)


def write(connection: psycopg.Connection, day: dt.date, found: Sequence[Covariate]) -> None:
    """Keep what was found, in place of an earlier fit of that day."""
    from models.risk.covariates import MODEL_VERSION

    connection.execute("DELETE FROM raw.risk_covariate WHERE fitted_on = %s", (day,))
    rows = [
        {
            "fitted_on": day,
            "covariate": covariate.name,
            "incident_count": round(covariate.incidents),
            "coefficient": covariate.coefficient,
            "coefficient_low": covariate.low,
            "coefficient_high": covariate.high,
            "gain_low": _told(covariate.gain_low),
            "gain_high": _told(covariate.gain_high),
            "is_used": covariate.is_used,
            "model_version": MODEL_VERSION,
        }
        for covariate in found
    ]
    upsert(connection, "raw.risk_covariate", ("fitted_on", "covariate"), rows)


def _told(gain: float) -> float | None:
    """Without two weeks there is no interval."""
    return gain if math.isfinite(gain) else None
