"""What the stack's processes listen to and talk to: docs/ports.md exactly, on this machine."""

import ipaddress
import time
from collections.abc import Iterator

import psutil
import pytest
import requests

from infra.stack import ports, programs
from infra.stack.environment import QUIET

WATCHED_S = 5


def of_the_stack(stack) -> list[psutil.Process]:
    """Supervised processes and their children; not what these tests start themselves."""
    own = {child.pid for child in psutil.Process().children(recursive=True)}
    return [psutil.Process(pid) for pid in programs.processes(stack) if pid not in own]


def sockets(stack) -> Iterator[tuple[psutil.Process, object]]:
    for process in of_the_stack(stack):
        try:
            for socket in process.net_connections(kind="inet"):
                yield process, socket
        except psutil.NoSuchProcess:
            continue  # a task that ended meanwhile


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


@pytest.fixture(scope="module")
def listening(stack) -> dict[int, set[str]]:
    """Addresses by port."""
    found: dict[int, set[str]] = {}
    for _, socket in sockets(stack):
        is_open = socket.status == psutil.CONN_LISTEN or (
            socket.status == psutil.CONN_NONE and not socket.raddr  # UDP
        )
        if is_open and socket.laddr:
            found.setdefault(socket.laddr.port, set()).add(socket.laddr.ip)
    return found


def test_exactly_the_ports_of_the_table_are_open(stack, listening):
    assert set(listening) == set(ports.expected(stack.port_base))


def test_nothing_listens_beyond_this_machine(listening):
    beyond = {port: found for port, found in listening.items() if not all(map(is_loopback, found))}
    assert beyond == {}


def test_the_scan_sees_what_it_should_refuse(stack):
    """A scan that sees nothing would pass: this process opens a port and must be found."""
    import socket as sockets_of_python

    with sockets_of_python.socket() as opened:
        opened.bind(("0.0.0.0", 0))
        opened.listen()
        seen = [c.laddr for c in psutil.Process().net_connections() if c.status == "LISTEN"]
    assert opened.fileno() == -1
    assert [address.ip for address in seen if not is_loopback(address.ip)] == ["0.0.0.0"]


def test_no_process_talks_to_another_machine(stack):
    until, beyond, seen = time.monotonic() + WATCHED_S, set(), 0
    while time.monotonic() < until:
        requests.get(f"{stack.url('superset')}/login/", timeout=30)
        for process, socket in sockets(stack):
            seen += bool(socket.raddr)
            if socket.raddr and not is_loopback(socket.raddr.ip):
                beyond.add((process.name(), socket.raddr.ip))
    assert seen > 0
    assert beyond == set()


def test_every_process_is_told_not_to_call_home(stack):
    known = set()
    for process in of_the_stack(stack):
        try:
            variables = process.environ()
        except psutil.Error:
            continue
        program = variables.get(programs.MARK)
        if program is None:
            continue  # PostgreSQL and the supervisor: neither calls anybody
        known.add(program)
        assert {name: variables.get(name) for name in QUIET} == QUIET, program
    assert known == {p.name for p in programs.all_programs(stack)} - {"postgres"}


def test_the_object_store_is_started_without_telemetry(stack):
    (weed,) = [p for p in of_the_stack(stack) if p.name() == "weed"]
    assert "-master.telemetry=false" in weed.cmdline()


def test_nothing_is_loaded_from_elsewhere_by_a_page(stack):
    pages = {"airflow": "/", "superset": "/login/"}
    for service, path in pages.items():
        policy = requests.get(stack.url(service) + path, timeout=30).headers[
            "Content-Security-Policy"
        ]
        assert "http" not in policy, service
        assert "default-src 'self'" in policy, service
