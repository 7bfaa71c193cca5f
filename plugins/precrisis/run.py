"""Which run is at work: passed to every step, so that outcomes can be traced to it."""

import datetime as dt
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from precrisis import clock


@dataclass(frozen=True)
class Run:
    """One run of one DAG. The data interval is UTC; a step takes its dates from here, not now().

    `started_by` is the account that started it by hand, empty for a schedule.
    """

    dag_id: str
    run_id: str
    interval_start: dt.datetime
    interval_end: dt.datetime
    started_by: str = ""


def live_run(dag_id: str, since: dt.datetime) -> Run:
    """The run of a program that works without a break since `since` (UTC): one an hour.

    What it did can then be found like any other run's. The first one begins with the program, so
    that a program started anew writes no row over those of the one before.
    """
    now = clock.now()
    start = max(since, now.replace(minute=0, second=0, microsecond=0))
    return Run(dag_id, f"live__{start:%Y-%m-%dT%H:%M:%S}", start, now)


def in_run(work: Callable[..., Any]) -> Callable[..., Any]:
    """Make a plain step a task body: its `run` is taken from the Airflow task that calls it."""
    signature = inspect.signature(work)
    others = [p for name, p in signature.parameters.items() if name not in ("run", "params")]

    @functools.wraps(work)
    def body(*arguments: Any, **named: Any) -> Any:
        context = _context()
        key = named.get("source_id") or named.get("agreement_id")
        context["batch_label"] = key or _label(named.get("batch"))
        if "params" in signature.parameters:
            named["params"] = dict(context["params"])
        return work(*arguments, **named, run=run_of(context["dag_run"]))

    body.__signature__ = signature.replace(parameters=others)
    return body


# How a mapped task is named in the Airflow UI.
BATCH_LABEL = "{{ batch_label }}"


def run_of(dag_run: Any) -> Run:
    """Return our view of an Airflow run.

    A run started by assets or by hand has no data interval: the moment it was asked for stands in.
    """
    end = dag_run.data_interval_end or dag_run.run_after
    start = dag_run.data_interval_start or end - dt.timedelta(hours=1)
    started_by = getattr(dag_run, "triggering_user_name", None) or ""
    return Run(dag_run.dag_id, dag_run.run_id, start, end, started_by)


def _context() -> Any:
    from airflow.sdk import get_current_context

    return get_current_context()


def _label(batch: list[dict] | None) -> str:
    if not batch:
        return ""
    first = batch[0]
    return f"{first.get('camera_id') or first.get('object_key', 'batch')} ({len(batch)})"
