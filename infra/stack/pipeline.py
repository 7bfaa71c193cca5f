"""Run the whole way of a record once, through Airflow, as the demo and the e2e test do."""

from collections.abc import Callable
from typing import Any

from infra.stack.airflow_api import Airflow, PipelineFailed
from infra.stack.layout import Stack
from infra.stack.samples import anchor

# What a person starts, and what each start sets off through assets.
SOURCES = ("city_ingest", "incidents_ingest", "footage_ingest", "posts_ingest")
SET_OFF = ("footage_analyse", "posts_analyse", "warehouse_build", "risk_score", "alerts_raise")


def run_all(stack: Stack, say: Callable[[str], None], has_news: bool = True) -> None:
    """Start the sources, follow the assets to the alerts, publish dashboards and report.

    Meanwhile the clock starts nothing: two cores are few, and each run is to be seen by itself.

    Args:
        has_news: False when the sources were taken in before; nothing is set off then.

    Raises:
        PipelineFailed: a run failed or was not set off.
    """
    airflow = Airflow(stack)
    wait_for_dags(airflow)
    every = airflow.dag_ids()
    try:
        airflow.set_paused(set(every) - set(SET_OFF), True)
        _run_all(airflow, stack, say, has_news)
    finally:
        airflow.set_paused(every, False)


def _run_all(airflow: Airflow, stack: Stack, say: Callable[[str], None], has_news: bool) -> None:
    before = {dag_id: {r["dag_run_id"] for r in airflow.runs(dag_id)} for dag_id in SET_OFF}
    for dag_id in SOURCES[:2]:
        _do(airflow, dag_id, say)
    airflow.set_paused(SOURCES[2:], False)
    started = {dag_id: airflow.start(dag_id) for dag_id in SOURCES[2:]}
    for dag_id, run_id in started.items():
        airflow.finish(dag_id, run_id)
        airflow.set_paused([dag_id], True)
        say(f"{dag_id} done")
    for dag_id in SET_OFF if has_news else ():
        airflow.finish(dag_id, airflow.next_run(dag_id, before[dag_id]))
        say(f"{dag_id} done")
    _do(airflow, "forecast_publish", say)
    _do(airflow, "dashboards_publish", say)
    _do(airflow, "reports_publish", say, {"week_start": _sample_week(stack)})
    _do(airflow, "audit_check", say)


def _sample_week(stack: Stack) -> str:
    """The seven days that the samples cover."""
    import datetime as dt

    return (anchor(stack) - dt.timedelta(days=7)).isoformat()


def _do(airflow: Airflow, dag_id: str, say: Callable, conf: dict[str, Any] | None = None) -> None:
    airflow.set_paused([dag_id], False)
    airflow.finish(dag_id, airflow.start(dag_id, conf))
    say(f"{dag_id} done")


def wait_for_dags(airflow: Airflow, timeout_s: float = 120) -> None:
    """Wait until every file of dags/ is known to the scheduler.

    Raises:
        PipelineFailed: a file does not import; its error is named.
    """
    import time

    from infra.stack.layout import ROOT

    expected = {file.stem for file in (ROOT / "dags").glob("*.py")}
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        errors = airflow.call("GET", "/importErrors")["import_errors"]
        if errors:
            raise PipelineFailed(f"{errors[0]['filename']}: {errors[0]['stack_trace'][-300:]}")
        missing = expected - set(airflow.dag_ids())
        if not missing:
            return
        time.sleep(1)
    raise PipelineFailed(f"DAGs not known after {timeout_s:.0f} s: {sorted(missing)}")
