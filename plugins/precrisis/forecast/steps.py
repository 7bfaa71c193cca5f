"""forecast_publish, step by step: what is told of next week, and how last weeks were told.

Records are read for it, so each step passes the gate for every source of incidents.
"""

import datetime as dt
from collections.abc import Callable

from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.run import Run


def publish_forecast(run: Run) -> int:
    """Refit on the incidents before the run's local day, and write the days that follow.

    Returns how many cells are named; 0 where too little is known, which the outcome then says.

    Raises:
        StepFailed: the register does not allow the records, or the grid cannot be laid.
    """
    from models.risk.forecast import MODEL_VERSION
    from precrisis.forecast.publishing import publish

    step = Step("publish_forecast", "forecast", run, role="analysis", model=MODEL_VERSION)
    return _done(step, [local_day(run)], publish, run)


def score_forecast(run: Run) -> int:
    """Judge the forecasts whose week is over by what came; return the rows of scores.

    A recent week without a published forecast is told from what was known before it, and marked.
    """
    from models.risk.forecast import MODEL_VERSION
    from precrisis.forecast.scoring import judge, weeks_to_judge

    step = Step("score_forecast", "forecast_score", run, role="analysis", model=MODEL_VERSION)
    return _done(step, weeks_to_judge(local_day(run)), judge, run)


def find_hot_spots(run: Run) -> int:
    """Test where incidents cluster, and whether they repeat nearby; return the hot cells."""
    from models.risk.forecast import MODEL_VERSION
    from precrisis.forecast.hot_spots import find

    step = Step("find_hot_spots", "hot_spot", run, role="analysis", model=MODEL_VERSION)
    return _done(step, [local_day(run)], find, run)


def judge_measures(run: Run) -> int:
    """Judge each measure of the city by what happened before and after; return their number."""
    from models.risk.before_after import MODEL_VERSION
    from precrisis.forecast.measures import judge_measures as judge

    step = Step("judge_measures", "measure_effect", run, role="analysis", model=MODEL_VERSION)
    return _done(step, [local_day(run)], judge, run)


def build_forecast(run: Run) -> None:
    """Build the marts of the forecast, so that a report of the same morning has them."""
    from precrisis.dbt_build import dbt_build

    dbt_build(run.interval_end, ["tag:forecast"])


def local_day(run: Run) -> dt.date:
    """Return the city's day at the end of the run's interval: nothing from it on is known."""
    return run.interval_end.astimezone(city().timezone).date()


def _done(step: Step, days: list[dt.date], work: Callable, run: Run) -> int:
    def allowed(day: dt.date, outcome: Outcome) -> None:
        for source in city().sources_of("incident"):
            authorise(source, run, "analysis")
        work(day, outcome)

    return sum(outcome.rows_out for outcome in step.each(days, str, allowed))
