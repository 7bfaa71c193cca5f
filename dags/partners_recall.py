"""
### A person recalls what was shared

**In** the agreement, the first day of the period (`ops.share` lists them), and the reason. The
account that starts the run answers for it.
**Out** the row of `ops.share` is marked, its objects are due for deletion at once
(`retention_enforce` deletes them, with receipts), and the recipient gets a signed notice by mail;
an entry of the audit log.
**Rerun** changes nothing; a recipient that could not be told is told.
**If it fails** the reason is missing, or the mail relay refused: correct it and clear. A period
that was never shared is in `ops.quarantine`.
"""

from airflow.sdk import Param, dag, task

from precrisis.dag_defaults import RETRY, Tag
from precrisis.run import in_run
from precrisis.sharing.recall import recall_share


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.GUARD, "share"],
    default_args=RETRY,
    params={
        "agreement_id": Param("", type="string", title="Agreement"),
        "period": Param("", type="string", title="First day of the period"),
        "reason": Param("", type="string", title="Reason"),
    },
)
def partners_recall():
    task(in_run(recall_share))()


partners_recall()
