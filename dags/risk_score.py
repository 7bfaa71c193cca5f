"""
### marts → fitted baseline → risk index per zone and hour

**In** incidents with their zone and what their hours were like; signals of cameras and posts.
**Out** `raw.risk_baseline`, `raw.risk_covariate`; `marts.fct_zone_hour` with its contributions.
**Rerun** of the same day fits the same numbers.
**If it fails** in `fit_baseline`: no zones yet, run `city_ingest`. In `build_index`: dbt's message
is in the log; the index keeps its last good state.
"""

from airflow.sdk import dag, task

from precrisis.assets import WAREHOUSE, ZONE_HOUR
from precrisis.dag_defaults import RETRY, Pool, Tag
from precrisis.risk import build_index, fit_baseline
from precrisis.run import in_run


@dag(
    schedule=[WAREHOUSE],
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.BUILD, "zone_hour"],
    default_args=RETRY,
)
def risk_score():
    fitted = task(in_run(fit_baseline))()
    fitted >> task(in_run(build_index), pool=Pool.WAREHOUSE, outlets=[ZONE_HOUR])()


risk_score()
