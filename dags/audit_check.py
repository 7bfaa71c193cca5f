"""
### The audit log verifies

**In** `ops.audit_log`, hash-chained, and the witnesses of earlier days in the published bucket.
**Out** a new witness: number and hash of the newest entry.
**Rerun** checks again.
**If it fails** an entry was altered, removed or put in, or the end is missing; the error names the
entries. Change nothing, and tell the data-protection officer.
"""

from airflow.sdk import dag, task

from precrisis.audit import check
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.run import in_run


@dag(
    schedule=cron("15 1 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.GUARD, "audit_log"],
    default_args=RETRY,
)
def audit_check():
    task(in_run(check))()


audit_check()
