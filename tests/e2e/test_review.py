"""An alert waits for a person; the decision carries a name and a reason."""

from infra.stack.airflow_api import Airflow


def test_an_operator_decides_with_a_name_and_a_reason(stack, airflow, rows):
    alert_id = rows("SELECT alert_id FROM marts.fct_alert WHERE status = 'waiting' LIMIT 1")[0][
        "alert_id"
    ]
    operator = Airflow(stack, user="operator")
    path = f"/dags/alerts_review/dagRuns/{alert_id}/taskInstances/decide/-1/hitlDetails"
    body = {"chosen_options": ["dismiss"], "params_input": {"reason": "market set up early"}}
    operator.call("PATCH", path, json=body)
    airflow.finish("alerts_review", alert_id)
    review = rows("SELECT * FROM ops.alert_review WHERE alert_id = %s", alert_id)
    assert [(r["decision"], r["reason"], r["reviewer"]) for r in review] == [
        ("dismiss", "market set up early", "operator")
    ]
    assert rows("SELECT status FROM marts.fct_alert WHERE alert_id = %s", alert_id) == [
        {"status": "dismissed"}
    ]


def test_nothing_is_accepted_by_time(airflow, rows):
    waiting = rows("SELECT alert_id FROM marts.fct_alert WHERE status = 'waiting'")
    states = {run["dag_run_id"]: run["state"] for run in airflow.runs("alerts_review")}
    assert waiting
    assert {states[row["alert_id"]] for row in waiting} == {"running"}  # none queued, none hidden
