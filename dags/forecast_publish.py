"""
### Incidents → forecast of places for a week, its score, hot spots, effect of measures

**In** `raw.incident` before the local day of the run, as the register allows it.
**Out** `raw.forecast` with the cells it names, their hours and windows; `raw.forecast_score` of the
weeks that are over; `raw.hot_spot`, `raw.near_repeat`, `raw.measure_effect`; the marts on them.
**Rerun** of the same day writes the same in place of what it wrote. With too few incidents nothing
is published, and `ops.outcome` says how many are wanted.
**If it fails** with `NoBasis` the register does not allow the records; with `BadGrid` they lie too
far apart: correct the city's bounds or take larger cells (`thresholds.yaml`), then clear the task.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.forecast.steps import (
    build_forecast,
    find_hot_spots,
    judge_measures,
    publish_forecast,
    score_forecast,
)
from precrisis.run import in_run


@dag(
    # After the night's records, before the planners' report.
    schedule=cron("50 3 * * 1"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.BUILD, "forecast"],
    default_args=RETRY,
)
def forecast_publish():
    published = task(in_run(publish_forecast))()
    scored, tested = task(in_run(score_forecast))(), task(in_run(find_hot_spots))()
    judged = task(in_run(judge_measures))()
    built = task(in_run(build_forecast), pool=Pool.WAREHOUSE)()
    # One after the other: each holds the city's history in memory.
    published >> scored >> tested >> judged >> built


forecast_publish()
