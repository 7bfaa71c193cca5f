"""Fuzzing of what reads outside input: FUZZ_SECONDS in all (default 10), within bounded memory.

`make fuzz` runs ten minutes. A failure prints the input that caused it, made small; it goes into
tests/unit/test_nasty_input.py as a test of its own.
"""

import os
import random
import resource
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

MEMORY_BYTES = 8_000_000_000  # addresses, not pages: libraries alone map some
SLOWEST_MS = 5_000
ROUND = 100
TRIED: dict[str, int] = {}


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "weight(n): as much of the time as n other fuzz tests")


def _weight(item: pytest.Item) -> float:
    marker = item.get_closest_marker("weight")
    return marker.args[0] if marker else 1


def pytest_terminal_summary(terminalreporter) -> None:
    terminalreporter.section("inputs tried")
    for name, count in TRIED.items():
        terminalreporter.line(f"{count:>9,}  {name}")


@pytest.fixture(scope="session", autouse=True)
def bounded_memory():
    """What wants more gets a MemoryError, which fails its test."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def fuzz(request) -> Callable:
    """Try `check` on inputs of a strategy until this test's share of the time is spent."""
    tests = [item for item in request.session.items if "fuzz" in item.fixturenames]
    all_s = float(os.environ.get("FUZZ_SECONDS", "10"))
    share_s = all_s * _weight(request.node) / sum(map(_weight, tests))

    def run(check: Callable, strategy) -> None:
        until, tried = time.monotonic() + share_s, [0]

        def counted(value) -> None:
            if tried[0] == 0 or time.monotonic() < until:
                check(value)
                tried[0] += 1

        while tried[0] == 0 or time.monotonic() < until:
            _round(counted, strategy, random.SystemRandom().getrandbits(64))
        TRIED[request.node.name] = tried[0]
        assert tried[0] > 0

    return run


def _round(check: Callable, strategy, number: int) -> None:
    bounded = settings(
        max_examples=ROUND,
        deadline=SLOWEST_MS,
        database=None,
        phases=[Phase.generate, Phase.target, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
    )

    @seed(number)
    @bounded
    @given(strategy)
    def attempt(value) -> None:
        check(value)

    attempt()
