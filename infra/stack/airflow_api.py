"""Airflow from outside: start runs, wait for what they set off, for the demo and the e2e tests."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from infra.stack.layout import Stack

DONE = ("success", "failed")


class PipelineFailed(RuntimeError):
    """A run ended badly or not in time; names the DAG, the run and its failed tasks."""


@dataclass
class Airflow:
    """A signed-in client of the REST API."""

    stack: Stack
    user: str = "engineer"
    _token: str = ""

    @retry(
        retry=retry_if_exception_type(requests.ConnectionError),
        stop=stop_after_delay(90),
        wait=wait_fixed(1),
    )
    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Call /api/v2<path>; sign in again when the token has run out, wait while it restarts.

        Raises:
            requests.HTTPError: the API refused.
        """
        url = f"{self.stack.url('airflow')}/api/v2{path}"
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = requests.request(method, url, headers=headers, timeout=60, **arguments)
            if answer.status_code != 401 or attempt == 2:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            self._sign_in()
        raise AssertionError("unreachable")

    def _sign_in(self) -> None:
        password = self.stack.passwords[f"airflow:{self.user}"]
        answer = requests.post(
            f"{self.stack.url('airflow')}/auth/token",
            json={"username": self.user, "password": password},
            timeout=60,
        )
        answer.raise_for_status()
        self._token = answer.json()["access_token"]

    def dag_ids(self) -> list[str]:
        return [dag["dag_id"] for dag in self.call("GET", "/dags?limit=200")["dags"]]

    def set_paused(self, dag_ids: Iterable[str], is_paused: bool) -> None:
        for dag_id in dag_ids:
            self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": is_paused})

    def start(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run and return its id."""
        body = {"logical_date": None, "conf": conf or {}}
        return self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"]

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Runs of a DAG, newest first."""
        path = f"/dags/{dag_id}/dagRuns?limit=50&order_by=-run_after"
        return self.call("GET", path)["dag_runs"]

    def finish(
        self, dag_id: str, run_id: str, timeout_s: float = 600, tick: Callable = lambda: None
    ) -> None:
        """Wait for a run to succeed.

        Raises:
            PipelineFailed: it failed, or did not end in time.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            state = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
            if state == "success":
                return
            if state == "failed":
                raise PipelineFailed(f"{dag_id} {run_id} failed in {self.failed(dag_id, run_id)}")
            tick()
            time.sleep(0.5)
        raise PipelineFailed(f"{dag_id} {run_id} did not end within {timeout_s:.0f} s")

    def next_run(self, dag_id: str, known: set[str], timeout_s: float = 120) -> str:
        """Wait for a run of `dag_id` whose id is not in `known` (one that assets set off)."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            fresh = [run["dag_run_id"] for run in self.runs(dag_id)]
            fresh = [run_id for run_id in fresh if run_id not in known]
            if fresh:
                return fresh[-1]
            time.sleep(0.5)
        raise PipelineFailed(f"{dag_id} was not set off within {timeout_s:.0f} s")

    def failed(self, dag_id: str, run_id: str) -> list[str]:
        """Tasks of a run that failed."""
        instances = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=200")
        return [
            task["task_id"]
            for task in instances["task_instances"]
            if task["state"] in ("failed", "upstream_failed")
        ]
