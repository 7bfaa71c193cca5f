"""Rows of the warehouse past their time; periods.py says how long and why."""

from dataclasses import dataclass

from precrisis.outcome import Outcome, Step
from precrisis.retention.periods import (
    BASELINE,
    CALIBRATION,
    CORRECTION,
    COVARIATE,
    CROSSING,
    EFFECT,
    EVENT,
    EVENT_SCORE,
    EXAMPLE,
    FORECAST,
    HOT_SPOT,
    LABEL,
    OBSERVATION,
    OUTCOME,
    PERSONAL_QUARANTINE,
    QUARANTINE,
    SIGN,
    SIGNAL,
    SURVEY,
    VALIDATION,
    Period,
)
from precrisis.run import Run
from precrisis.warehouse import connect

SIGNAL_IS_GONE = """
due_at <= %(before)s OR NOT EXISTS (
    SELECT FROM raw.post_signal AS s
    WHERE s.source = post_correction.source AND s.post_id_hash = post_correction.post_id_hash
)
"""
PERSONAL = "noun IN ('post', 'post_signal')"


@dataclass(frozen=True)
class Rows:
    """Rows of one table that a period covers; `where` compares their time with %(before)s."""

    table: str
    where: str
    period: Period
    has_due_time: bool = False


# A signal carries its own due time, given when it was written: an author's deletion moves it.
KINDS = (
    Rows("raw.post_signal", "due_at <= %(before)s", SIGNAL, has_due_time=True),
    Rows("raw.post_correction", SIGNAL_IS_GONE, CORRECTION, has_due_time=True),
    Rows("raw.theme_example", "reviewed_on <= %(before)s", EXAMPLE),
    Rows("raw.camera_observation", "window_end <= %(before)s", OBSERVATION),
    Rows("raw.line_crossing", "window_end <= %(before)s", CROSSING),
    Rows("raw.video_event", "ended_at <= %(before)s", EVENT),
    Rows("raw.video_sign", "ended_at <= %(before)s", SIGN),
    Rows("raw.camera_calibration", "expires_at <= %(before)s", CALIBRATION, has_due_time=True),
    Rows("raw.event_label", "ended_at <= %(before)s", LABEL),
    Rows("raw.event_score", "evaluated_on <= %(before)s", EVENT_SCORE),
    Rows("raw.forecast", "starts_on <= %(before)s", FORECAST),
    Rows("raw.hot_spot", "tested_on <= %(before)s", HOT_SPOT),
    Rows("raw.survey_answer", "wave_ended_on <= %(before)s", SURVEY),
    Rows("raw.risk_baseline", "fitted_on <= %(before)s", BASELINE),
    Rows("raw.risk_covariate", "fitted_on <= %(before)s", COVARIATE),
    Rows("raw.measure_effect", "judged_on <= %(before)s", EFFECT),
    Rows("ops.quarantine", f"{PERSONAL} AND last_seen_at <= %(before)s", PERSONAL_QUARANTINE),
    Rows("ops.quarantine", f"NOT {PERSONAL} AND last_seen_at <= %(before)s", QUARANTINE),
    Rows("ops.validation", "ran_at <= %(before)s", VALIDATION),
    Rows("ops.outcome", "ended_at <= %(before)s", OUTCOME),
)


def delete_rows(run: Run) -> int:
    """Delete every row past its time at the interval's end; return how many."""
    step = Step("delete_rows", "deletion", run, role="retention")
    done = step.each(KINDS, lambda rows: rows.period.what, lambda rows, o: _delete(rows, o, run))
    return sum(outcome.rows_out for outcome in done)


def _delete(rows: Rows, outcome: Outcome, run: Run) -> None:
    before = run.interval_end if rows.has_due_time else run.interval_end - rows.period.kept
    with connect("retention") as connection:
        query = f"DELETE FROM {rows.table} WHERE {rows.where}"
        outcome.rows_out = connection.execute(query, {"before": before}).rowcount
    outcome.status = "ok" if outcome.rows_out else "unchanged"
