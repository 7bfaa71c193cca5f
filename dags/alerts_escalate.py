"""
### Alerts in time: ends and what waited are told, undecided ones go to those who come next

**In** urgent alerts of which nothing was seen for `quiet_after_min`; versions that waited for the
end of quiet hours, or that a channel did not take; alerts without a decision for longer than
`review_overdue_minutes`, with `escalation_recipients`.
**Out** what each channel was still to be told; one mail per undecided alert to those who come next.
The alert stays waiting, nothing is accepted by time.
**Rerun** tells nobody twice.
**If it fails** the mail relay, the store or a webhook refused: the error says which alert. The next
run tries again.
"""

from airflow.sdk import dag, task

from precrisis.alerts.escalation import escalate
from precrisis.alerts.raising import keep_telling
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
    task(in_run(keep_telling))()
    task(in_run(escalate))()


alerts_escalate()
