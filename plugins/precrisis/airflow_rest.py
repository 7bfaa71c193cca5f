"""Airflow's public API, for what a task or a program has to tell or ask the scheduler."""

from collections.abc import Callable
from typing import Any

import requests

from precrisis.settings import settings

TIMEOUT_S = 60


def signed_in(account: str) -> Callable[..., Any]:
    """Return a call (method, path below /api/v2, query, body) as an account of Airflow.

    Raises:
        requests.HTTPError: Airflow refused, by this or by a later call.
    """
    base, password = settings().airflow_url, settings().airflow_passwords[account]
    login = {"username": account, "password": password}
    answer = requests.post(f"{base}/auth/token", json=login, timeout=TIMEOUT_S)
    answer.raise_for_status()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        answer = session.request(
            method, f"{base}/api/v2{path}", params=query, json=body, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    return call
