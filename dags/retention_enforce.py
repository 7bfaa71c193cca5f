"""
### What is due is deleted, with a receipt

**In** `ops.object_ledger`: each object has a due time since it was written. Every other period and
its reason is in `plugins/precrisis/retention/periods.py`. `ops.legal_hold` keeps what is held.
**Out** deleted objects and rows; `ops.deletion_receipt`, a hash chain; a check of ledger against
bucket both ways. Old author secrets and keys, unfinished uploads, old runs and logs are gone too.
**Rerun** deletes what is due since; nothing else.
**If it fails** in `reconcile`: an object without a ledger row, a row without its object, something
overdue, or an altered receipt. That is an incident: tell the data-protection officer, with the keys
it names. Elsewhere: see `ops.outcome` for the item, remove the cause; the next run goes on.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.retention.airflow_memory import clean_airflow
from precrisis.retention.leftovers import abort_uploads
from precrisis.retention.objects import delete_due, reconcile
from precrisis.retention.rows import delete_rows
from precrisis.retention.secrets import destroy_author_secrets, turn_zone_keys
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
    deleted = task(in_run(delete_due))()
    deleted >> task(in_run(reconcile))()
    deleted >> task(in_run(turn_zone_keys))()
    deleted >> task(in_run(delete_rows))() >> task(in_run(destroy_author_secrets))()
    task(in_run(abort_uploads))()
    task(in_run(clean_airflow))()


retention_enforce()
