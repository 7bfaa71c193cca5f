"""Does a service truly answer? Used before a program starts, by `make up` and by `make status`."""

import json
import socket
import time
import urllib.request
from collections.abc import Callable

from infra.stack import objectstore
from infra.stack.layout import Stack

AIRFLOW_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def postgres(stack: Stack) -> bool:
    import psycopg

    with psycopg.connect(stack.dsn("owner"), connect_timeout=2) as connection:
        return bool(connection.execute("SELECT postgis_version()").fetchone())


def postgres_port(stack: Stack) -> bool:
    """The server takes connections; the database may not exist yet."""
    import psycopg

    with psycopg.connect(stack.dsn("owner", "postgres"), connect_timeout=2):
        return True


def objectstore_port(stack: Stack) -> bool:
    with urllib.request.urlopen(f"{stack.url('s3')}/healthz", timeout=2) as answer:
        return answer.status == 200


def store(stack: Stack) -> bool:
    return objectstore.answers(stack)


def airflow_api(stack: Stack) -> bool:
    url = f"{stack.url('airflow')}/api/v2/version"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status == 200


def airflow(stack: Stack) -> bool:
    """All four heartbeats are fresh."""
    url = f"{stack.url('airflow')}/api/v2/monitor/health"
    with urllib.request.urlopen(url, timeout=5) as answer:
        health = json.load(answer)
    return all(health[part]["status"] == "healthy" for part in AIRFLOW_PARTS)


def superset(stack: Stack) -> bool:
    """/login/ and not /health: the latter says OK while every page is an error."""
    with urllib.request.urlopen(f"{stack.url('superset')}/login/", timeout=20) as answer:
        return answer.status == 200


def smtp(stack: Stack) -> bool:
    with socket.create_connection(("127.0.0.1", stack.port("smtp")), timeout=2) as connection:
        return connection.recv(4).startswith(b"220")


def feed(stack: Stack) -> bool:
    with urllib.request.urlopen(f"{stack.url('feed')}/api/v2/instance", timeout=2) as answer:
        return answer.status == 200


def watch(stack: Stack) -> bool:
    """It touches its file at least every 30 seconds, with or without a live camera."""
    return time.time() - (stack.state / "footage-watch.alive").stat().st_mtime < 90


def posts_watch(stack: Stack) -> bool:
    """It touches its file every 5 seconds, with or without a source to read."""
    return time.time() - (stack.state / "posts-watch.alive").stat().st_mtime < 90


SERVICES: dict[str, Callable[[Stack], bool]] = {
    "warehouse (PostGIS query)": postgres,
    "object store (PUT and GET)": store,
    "Airflow (four heartbeats)": airflow,
    "Superset (/login/)": superset,
    "watch over live cameras": watch,
    "watch over posts": posts_watch,
    "mail sink": smtp,
    "sample feed": feed,
}


def failure(probe: Callable[[Stack], bool], stack: Stack) -> str | None:
    """Return None when the probe holds, else why not in one line."""
    try:
        return None if probe(stack) else "answers, but not healthy"
    except Exception as error:  # any failure to answer is the answer
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reply'}"


def wait(probe: Callable[[Stack], bool], stack: Stack, timeout_s: float) -> str | None:
    """Poll until the probe holds; return None, or the last reason after the time-out."""
    until = time.monotonic() + timeout_s
    while (reason := failure(probe, stack)) and time.monotonic() < until:
        time.sleep(0.3)
    return reason
