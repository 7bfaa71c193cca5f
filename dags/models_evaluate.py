"""
### Named events against what people say of them → scorecard

**In** reviews of alerts of the last weeks; files of labels, where the city pack has such a source;
the events and windows of the footage that they speak of.
**Out** `raw.event_label`; `raw.event_score`, for each camera and kind of event: reviewed,
confirmed, labelled, found, and whether the kind is muted there.
**Rerun** on the same day writes the same rows again. What nobody reviewed or labelled has no row.
**If it fails** a label file is missing or holds other columns than agreed (`ops.quarantine` says
which), or the register does not allow it: correct it, then clear the task.
"""

from airflow.sdk import dag, task

from precrisis.assets import EVENT_LABEL
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.footage.labels import take_in_labels
from precrisis.footage.scorecard import score_cameras
from precrisis.run import in_run


@dag(
    # Before the planners' report of the same morning.
    schedule=cron("20 3 * * 1"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.ANALYSE, "event_score"],
    default_args=RETRY,
)
def models_evaluate():
    labels = task(in_run(take_in_labels), outlets=[EVENT_LABEL])()
    scores = task(in_run(score_cameras))()
    labels >> scores


models_evaluate()
