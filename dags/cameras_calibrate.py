"""
### Each camera learns its own normal

**In** stored segments of the last days, spread over them, of times that are nobody's to learn from:
not those of demonstrations and worship, not those around a named event.
**Out** per camera an artefact in the derived bucket (numbers, no picture), sealed and with a due
time; `raw.camera_calibration` with the days it was learnt from and the score to alarm at.
**Rerun** learns the same from the same footage. A camera of which too little was seen keeps its
last calibration, and says so in `ops.outcome`.
**If it fails** the store or the model weights are out of reach: `make status`, then clear the task.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.footage.calibrate import calibrate_camera, cameras_to_calibrate
from precrisis.run import BATCH_LABEL, in_run


@dag(
    schedule=cron("40 2 * * 1"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.ANALYSE, "camera_calibration"],
    default_args=RETRY,
)
def cameras_calibrate():
    task(in_run(calibrate_camera), pool=Pool.VIDEO, map_index_template=BATCH_LABEL).expand(
        camera_id=task(cameras_to_calibrate)()
    )


cameras_calibrate()
