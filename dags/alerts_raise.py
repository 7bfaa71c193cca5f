"""
### Risk index → alerts → mail and CAP, then to a person

**In** `marts.fct_zone_hour` of the last days, `ops.alert_candidate` of the last hours; limits and
budgets of the city pack. Started after each score, and at once by an urgent event.
**Out** `ops.alert` and `ops.alert_version`; per version one mail, one CAP 1.2 file (listed in
`alerts/feed.atom`) and one message per webhook; one run of `alerts_review` per alert, which waits
for a person. With a context broker in the city pack, each version also there as NGSI-LD, and the
newest count of people by zone. Nothing acts by itself: the status is Exercise until a city sets it
otherwise.
**Rerun** raises the same alerts under the same ids and sends nothing twice.
**If it fails** the mail relay, the store or a webhook refused: the error says which, and the others
went out. Clear the task; what was delivered stays delivered.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from precrisis.alerts.crowds import publish_crowds
from precrisis.alerts.raising import raise_alerts
from precrisis.assets import ALERT, ZONE_HOUR
from precrisis.dag_defaults import RETRY, Tag
from precrisis.run import in_run


@dag(
    schedule=[ZONE_HOUR],
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "alert"],
    default_args=RETRY,
)
def alerts_raise():
    undecided = task(in_run(raise_alerts), outlets=[ALERT])()

    task(in_run(publish_crowds))()

    @task
    def ask(alert: dict) -> dict:
        """What a review run is started with."""
        conf = {name: alert[name] for name in ("alert_id", "title", "body")}
        return {"trigger_run_id": alert["run_id"], "conf": conf}

    TriggerDagRunOperator.partial(
        task_id="ask_a_person",
        trigger_dag_id="alerts_review",
        skip_when_already_exists=True,
        map_index_template="{{ task.conf['title'] }}",
    ).expand_kwargs(ask.expand(alert=undecided))


alerts_raise()
