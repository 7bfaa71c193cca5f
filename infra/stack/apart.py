"""A database and an object store apart from the stack's own, with its roles and flags.

For what works on data of its own: an exercise, a process of tests.
"""

import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg

from infra.stack import cluster, environment, objectstore, probes
from infra.stack.layout import Stack

STORE_PORTS = range(1, 6)  # behind a base; each with one 10,000 above for gRPC
LOCK = "own_database"


@contextmanager
def database(stack: Stack, name: str, *, is_durable: bool = True) -> Iterator[None]:
    """One more database in the stack's cluster, with empty tables; gone at the end.

    is_durable: as the stack's own; else commits do not wait for the disk.
    """
    with psycopg.connect(stack.dsn("owner", "postgres"), autocommit=True) as connection:
        # Roles belong to the whole cluster: one set-up after the other.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (LOCK,))
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        if not is_durable:
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        try:
            with psycopg.connect(stack.dsn("owner", name), autocommit=True) as inside:
                cluster.apply_tables(inside, name)
            connection.execute("SELECT pg_advisory_unlock_all()")
            yield
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start_store(own: Stack) -> subprocess.Popen:
    """Start an object store on the ports of `own`, which `objectstore.configure` has seen before.

    Raises:
        RuntimeError: it does not answer, or does not store, within a minute.
    """
    # Not our own environment: AWS_ACCESS_KEY_ID in it would become an identity of the store.
    variables = environment.common(own) | objectstore.environment(own)
    with (own.state / "store.log").open("a") as log:
        process = subprocess.Popen(
            objectstore.command(own), env=variables, stdout=log, stderr=log, cwd=own.state
        )
    try:
        _await(probes.objectstore_port, own)
        objectstore.make_buckets(own)
        _await(probes.store, own)
    except BaseException:
        process.kill()
        raise
    return process


def free_base(stack: Stack, offsets: Iterable[int]) -> int:
    """Return the first base behind the stack's where nobody listens on a store's ports.

    Raises:
        RuntimeError: there is none.
    """
    for behind in offsets:
        ports = [stack.port_base + behind + near for near in STORE_PORTS]
        if not any(_is_taken(port) for low in ports for port in (low, low + 10_000)):
            return stack.port_base + behind
    raise RuntimeError("no free ports for one more object store: end what holds those behind ours")


def _await(probe: Callable[[Stack], bool], own: Stack) -> None:
    if reason := probes.wait(probe, own, 60):
        raise RuntimeError(f"the object store apart from the stack's does not answer: {reason}")


def _is_taken(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
