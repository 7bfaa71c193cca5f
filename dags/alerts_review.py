"""
### An alert waits for a person

**In** one alert, started by `alerts_raise` under the alert's id.
**Out** `ops.alert_review`: accept or dismiss, the reason, and the account that decided. A dismissed
alert is withdrawn at once where it was told; an accepted real one goes to partners.
**Rerun** asks again; the newest decision counts, earlier ones stay on record.
**If it fails** the decision came without a reason: clear the task and decide again.
An alert that nobody decides stays waiting; it is never accepted by time.
"""

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task

from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.review import record_review
from precrisis.dag_defaults import RETRY, Tag
from precrisis.run import in_run


@dag(
    schedule=None,
    max_active_runs=1000,  # a run that waits for a person holds no slot, and none may hide
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "alert"],
    params={"alert_id": "", "title": "", "body": ""},
)
def alerts_review():
    decide = HITLOperator(
        task_id="decide",
        subject="{{ params.title }}",
        body="{{ params.body }}",
        options=["accept", "dismiss"],
        params={"reason": Param("", type="string", title="Reason")},
    )

    @task
    def record(answer: dict, params: dict) -> None:
        """Keep the decision with the name of who made it."""
        reviewer = (answer.get("responded_by_user") or {}).get("name", "unknown")
        reason = answer["params_input"]["reason"]
        record_review(params["alert_id"], answer["chosen_options"][0], reason, reviewer)

    tell = task(in_run(deliver_alerts), **RETRY)

    record(decide.output) >> tell()


alerts_review()
