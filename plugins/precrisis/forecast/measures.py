"""Did a measure help? Its place and the ring around it against places that had none, by records.

Days before and after are as many on both sides, up to the city's `measure_days`. Judged anew each
week, so that a measure which is taken today is first judged when `measure_min_days` are past.
"""

import datetime as dt
from typing import Any

import numpy as np
import shapely

from models.risk.before_after import Change, Effect, Measure, NotEnoughControls, effect
from models.risk.forecast import Incidents
from models.risk.grid import Grid
from precrisis.city import city
from precrisis.forecast.known import incidents_between, numbers, plane
from precrisis.measures import TakenMeasure
from precrisis.outcome import Outcome
from precrisis.warehouse import connect, upsert

KEY = ("judged_on", "measure_id")
EFFECT = (
    "place_pct", "place_low_pct", "place_high_pct", "place_p", "ring_pct", "ring_low_pct",
    "ring_high_pct", "ring_p", "displacement_quotient", "place_before", "place_after",
    "ring_before", "ring_after", "control_before", "control_after", "control_count",
)  # fmt: skip


def judge_measures(day: dt.date, outcome: Outcome) -> None:
    """Judge every measure of the pack on a local day, in place of an earlier judgement of it."""
    taken = city().measures
    with connect("analysis") as connection:
        connection.execute("DELETE FROM raw.measure_effect WHERE judged_on = %s", (day,))
        rows = []
        for measure in taken:
            days = min(int(numbers().measure_days.value), (day - measure.done_on).days)
            span = dt.timedelta(days=max(days, 0))
            known = incidents_between(connection, measure.done_on - span, measure.done_on + span)
            outcome.rows_in += len(known.xy)
            rows.append(row_of(day, measure, days, known, taken))
        outcome.rows_out = upsert(connection, "raw.measure_effect", KEY, rows)


def row_of(
    day: dt.date, measure: TakenMeasure, days: int, known: Incidents, taken: list[TakenMeasure]
) -> dict[str, Any]:
    """The measure with its effect; nulls and a reason where it can't be judged."""
    row = {
        "judged_on": day,
        "measure_id": measure.measure_id,
        "kind": measure.kind,
        "title": measure.title,
        "done_on": measure.done_on,
        "days": max(days, 0),
        "radius_m": numbers().measure_radius_m.value,
        "ring_m": numbers().measure_ring_m.value,
        "geom": shapely.set_srid(shapely.Point(measure.place), 4326),
        "reason": None,
        **dict.fromkeys(EFFECT),
    }
    if days < numbers().measure_min_days.value:
        return row | {"reason": "too_early"}
    try:
        return row | effect_columns(_effect(measure, days, known, taken))
    except NotEnoughControls:
        return row | {"reason": "few_controls"}


def _effect(measure: TakenMeasure, days: int, known: Incidents, taken: list) -> Effect:
    radius, ring = numbers().measure_radius_m.value, numbers().measure_ring_m.value
    at = np.datetime64(measure.done_on)
    done = Measure(measure.kind, tuple(xy_of([measure])[0]), at, radius, ring)
    others = xy_of([other for other in taken if other is not measure])
    return effect(done, known.xy, known.middle, candidates(known.xy, others, ring), days)


def xy_of(taken: list[TakenMeasure]) -> np.ndarray:
    """Places in metres of the city's plane, shape (n, 2)."""
    return np.array([plane().transform(*measure.place) for measure in taken]).reshape(-1, 2)


def candidates(xy: np.ndarray, others: np.ndarray, ring_m: float) -> np.ndarray:
    """Middles of the cells that were hit, the fullest first, clear of every other measure's ring.

    Raises:
        NotEnoughControls: no incident at all.
    """
    if len(xy) == 0:
        raise NotEnoughControls("no incident before or after")
    grid = Grid.covering(xy, numbers().forecast_cell_m.value)
    counts = np.bincount(grid.cells(xy), minlength=grid.size)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    middles = grid.centres[order]
    if len(others) == 0:
        return middles
    apart = np.linalg.norm(middles[:, None] - others[None], axis=2).min(axis=1)
    return middles[apart >= 2 * ring_m]


def effect_columns(found: Effect) -> dict[str, Any]:
    """The columns of raw.measure_effect that an effect fills."""
    counts = [count for name in ("place", "ring", "controls") for count in found.counts[name]]
    values = (
        *_change(found.place), *_change(found.ring), found.displacement_quotient, *counts,
        found.controls,
    )  # fmt: skip
    return dict(zip(EFFECT, values, strict=True))


def _change(change: Change) -> tuple[float, float, float, float]:
    return change.pct, change.low_pct, change.high_pct, change.p
