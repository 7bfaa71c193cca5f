"""
### raw stations → staging → intermediate → marts (dbt)

**In** all `raw.*` stations.
**Out** marts but for the risk index, which needs a fitted baseline first (`risk_score`).
**Rerun** builds the same tables; the last 48 hours are always computed again, for late data.
**If it fails** the grid shows which model or which of its tests: its log holds dbt's message.
Marts downstream of it keep their last good state.
"""

from airflow.sdk import dag
from airflow.timetables.assets import AssetOrTimeSchedule
from cosmos import DbtTaskGroup

from precrisis.assets import CAMERA_OBSERVATION, POST_SIGNAL, WAREHOUSE
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.transform import (
    announce,
    execution,
    one_build_at_a_time,
    profile,
    project,
    render,
)


@dag(
    # Prompt when cameras and feeds have both delivered, hourly in any case.
    schedule=AssetOrTimeSchedule(
        timetable=cron("20 * * * *"),
        assets=(CAMERA_OBSERVATION & POST_SIGNAL),
    ),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.BUILD, "marts"],
    default_args=RETRY,
)
def warehouse_build():
    models = DbtTaskGroup(
        group_id="dbt",
        project_config=project(),
        profile_config=profile(),
        execution_config=execution(),
        render_config=render(exclude=["tag:risk", "resource_type:exposure"]),
        operator_args={"install_deps": False, "deferrable": False, "poke_interval": 1},
    )
    one_build_at_a_time(models)
    models >> announce(WAREHOUSE)


warehouse_build()
