"""Airflow's own memory: runs with their task states and XCom, and the logs of their tasks.

Runs are deleted through Airflow's public API, since a task has no access to Airflow's database, and
should have none. Deleting a run takes its task states and XCom along.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from precrisis.airflow_rest import signed_in
from precrisis.outcome import Outcome, Step
from precrisis.retention.periods import AIRFLOW_RUN
from precrisis.run import Run

ACCOUNT = "engineer"
PAGE = 100
ENDED = ("success", "failed")
EVERY = "~"

Work = Callable[[dt.datetime], int]


def clean_airflow(run: Run) -> int:
    """Delete old ended runs and old log files; return how many of both."""
    before = run.interval_end - AIRFLOW_RUN.kept
    works: dict[str, Work] = {"runs": delete_runs, "logs": delete_logs}
    step = Step("clean_airflow", "deletion", run, role="retention")
    done = step.each(works, str, lambda name, outcome: _clean(works[name], before, outcome))
    return sum(outcome.rows_out for outcome in done)


def _clean(work: Work, before: dt.datetime, outcome: Outcome) -> None:
    outcome.rows_out = work(before)
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def delete_runs(before: dt.datetime, dag_id: str = EVERY) -> int:
    """Delete the runs that ended before a moment (UTC), of every DAG or one; return how many."""
    call = signed_in(ACCOUNT)
    old = list(_ended_before(call, before, dag_id))
    for ended in old:
        call("DELETE", f"/dags/{ended['dag_id']}/dagRuns/{ended['dag_run_id']}")
    return len(old)


def _ended_before(
    call: Callable[..., Any], before: dt.datetime, dag_id: str
) -> Iterator[dict[str, Any]]:
    query = {"end_date_lte": before.isoformat(), "state": ENDED, "limit": PAGE}
    offset = 0
    while page := call("GET", f"/dags/{dag_id}/dagRuns", query | {"offset": offset})["dag_runs"]:
        yield from page
        offset += len(page)


def delete_logs(before: dt.datetime) -> int:
    """Delete logs last written before a moment (UTC), and old empty folders; return how many."""
    from airflow.configuration import conf

    folder, count = Path(conf.get("logging", "base_log_folder")), 0
    for place, _, names in os.walk(folder, topdown=False):
        for file in (Path(place, name) for name in names):
            if not file.is_symlink() and file.stat().st_mtime < before.timestamp():
                file.unlink()
                count += 1
        _delete_if_left(Path(place), folder, before)
    return count


def _delete_if_left(place: Path, folder: Path, before: dt.datetime) -> None:
    """Delete an empty folder, unless a task may just have made it."""
    if place != folder and not os.listdir(place) and place.stat().st_mtime < before.timestamp():
        place.rmdir()
