"""
### footage_segment → camera_observation, video_event

**In** stored segments that were not analysed yet; events that `footage-watch` named (`draw_left`
draws their evidence).
**Out** `raw.camera_observation` (a row per zone and 10 seconds), `raw.video_event`.
**Rerun** writes the same rows; to analyse a camera or day anew, delete its `analyse_segment` rows
from `ops.outcome` and run.
**If it fails** the store or the model weights are out of reach: `make status`, then clear the task.
A segment that can't be decoded is in `ops.quarantine`; the others were analysed.
"""

from airflow.sdk import dag, task
from airflow.task.trigger_rule import TriggerRule

from precrisis.assets import CAMERA_OBSERVATION, FOOTAGE_SEGMENT, VIDEO_EVENT
from precrisis.dag_defaults import RETRY, Pool, Tag
from precrisis.footage.analyse import analyse, find_segments
from precrisis.footage.evidence import draw_left
from precrisis.run import BATCH_LABEL, in_run


@dag(
    schedule=[FOOTAGE_SEGMENT],
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.ANALYSE, "camera_observation", "video_event"],
    default_args=RETRY,
)
def footage_analyse():
    task(in_run(draw_left), pool=Pool.VIDEO)()
    batches = task(in_run(find_segments))()
    observed = task(in_run(analyse), pool=Pool.VIDEO, map_index_template=BATCH_LABEL).expand(
        batch=batches
    )

    @task(
        outlets=[CAMERA_OBSERVATION, VIDEO_EVENT],
        trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
    )
    def announce():
        """Tell the warehouse once, not once a batch."""

    observed >> announce()


footage_analyse()
