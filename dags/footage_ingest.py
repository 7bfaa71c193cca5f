"""
### Recordings → footage_segment

**In** what the cameras' sources offer (export folder, S3 prefix, RTSP), as the register allows.
**Out** 10-second segments without sound in the restricted bucket, each with a due time;
`raw.footage_segment`.
**Rerun** takes in only what is new; the same recording gives the same objects under the same keys.
**If it fails** some recordings failed for a passing reason (store, network): clear the task. A
recording that can't be used is not a failure: it is in `ops.quarantine` with its reason.
"""

from airflow.sdk import dag, task
from airflow.task.trigger_rule import TriggerRule

from precrisis.assets import FOOTAGE_SEGMENT
from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.footage.ingest import find_recordings, take_in
from precrisis.run import BATCH_LABEL, in_run


@dag(
    schedule=cron("*/10 * * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "footage_segment"],
    default_args=RETRY,
)
def footage_ingest():
    batches = task(in_run(find_recordings))()
    stored = task(in_run(take_in), pool=Pool.VIDEO, map_index_template=BATCH_LABEL).expand(
        batch=batches
    )

    @task(outlets=[FOOTAGE_SEGMENT], trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def announce():
        """Tell the next station once, not once a batch."""

    stored >> announce()


footage_ingest()
