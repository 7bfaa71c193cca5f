"""
### Alerts nobody decided on in time → those who come next

**In** alerts without a decision for longer than `review_overdue_minutes`; `escalation_recipients`.
**Out** one mail per alert to them; the alert stays waiting, nothing is accepted by time.
**Rerun** tells nobody twice.
**If it fails** the mail relay refused: the error says which alert. The next run tries again.
"""

from airflow.sdk import dag, task

from precrisis.alerts.escalation import escalate
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.run import in_run


@dag(
    schedule=cron("*/5 * * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "alert"],
    default_args=RETRY,
)
def alerts_escalate():
    task(in_run(escalate))()


alerts_escalate()
