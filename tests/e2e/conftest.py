"""The e2e tests look at a demo that ran through Airflow on the tests' own city."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from infra.stack.airflow_api import Airflow
from infra.stack.layout import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack.from_environment()


@pytest.fixture(scope="session")
def airflow(stack) -> Airflow:
    return Airflow(stack)


@pytest.fixture(scope="session", autouse=True)
def quiet_afterwards(airflow) -> Iterator[None]:
    """Scheduled runs must not meet the integration tests that come after."""
    yield
    for dag_id in airflow.dag_ids():
        airflow.call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})


@pytest.fixture
def rows(stack):
    """Run a query as the owner; rows as dicts."""

    def query(text: str, *arguments) -> list[dict]:
        with psycopg.connect(stack.dsn("owner"), row_factory=dict_row) as connection:
            return connection.execute(text, arguments).fetchall()

    return query


@pytest.fixture(scope="session")
def shots(stack) -> Path:
    """Where the browser tests leave their pictures."""
    folder = stack.state / "shots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def passwords(stack) -> dict[str, str]:
    return json.loads((stack.state / "secrets" / "passwords.json").read_text())
