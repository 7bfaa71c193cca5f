"""
### What is due is deleted, with a receipt

**In** `ops.object_ledger`: each object has a due time since it was written.
**Out** deleted objects and rows; `ops.deletion_receipt`, a hash chain; a check of ledger against
bucket both ways.
**Rerun** deletes what is due since; nothing else.
**If it fails** in `reconcile`: an object without a ledger row, a row without its object, or an
altered receipt. That is an incident: tell the data-protection officer, with the keys it names.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.retention import delete_due, reconcile
from precrisis.run import in_run


@dag(
    schedule=cron("45 * * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.GUARD, "deletion"],
    default_args=RETRY,
)
def retention_enforce():
    task(in_run(delete_due))() >> task(in_run(reconcile))()


retention_enforce()
