"""
### Recordings → footage_segment

**In** what the cameras' sources offer (export folder, S3 bucket, RTSP), as the register allows.
**Out** 10-second segments without sound in the restricted bucket, each with a due time;
`raw.footage_segment`.
**Rerun** takes in only what is new; the same recording gives the same objects under the same keys.
A live camera is not recorded twice for one run.
**If it fails** look at which task did. `find_recordings`: the source in its label could not be read
(not mounted, credentials, no legal basis); its log names the remedy, and the others were taken in.
`take_in`: some recordings failed for a passing reason (store, network). The next run meets what is
missing. A recording that can't be used is not a failure: it is in `ops.quarantine` with its reason.
"""

from itertools import chain

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException
from airflow.task.trigger_rule import TriggerRule

from precrisis.assets import FOOTAGE_SEGMENT
from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings, footage_sources
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
    listed = task(in_run(find_recordings), map_index_template=BATCH_LABEL).expand(
        source_id=task(footage_sources)()
    )

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def gather(of_sources) -> list:
        """The batches of all sources that answered."""
        return list(chain.from_iterable(of_sources[:]))  # sliced: one request, none past the end

    stored = task(in_run(take_in), pool=Pool.VIDEO, map_index_template=BATCH_LABEL).expand(
        batch=gather(listed)
    )

    @task(outlets=[FOOTAGE_SEGMENT], trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def announce():
        """Tell the next station once, not once a batch."""

    @task(trigger_rule=TriggerRule.ONE_FAILED)
    def watch():
        """Turn the run red: what is good went on, so its end alone would not tell."""
        raise AirflowFailException(
            "A source or a batch failed: see the log of each red task before this one, and the "
            "steps list_source and take_in_recording in ops.outcome. The next run tries again."
        )

    stored >> announce()
    [listed, stored] >> watch()


footage_ingest()
