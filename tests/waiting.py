"""Programs that never end, in tests: run beside the test, and waited for."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from precrisis.settings import settings


@contextmanager
def at_work(watch: Any) -> Iterator[Any]:
    """Let a watch (with `run` and an event `stop`) work in a thread; ended at the end."""
    settings().state.mkdir(exist_ok=True)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop.set()
        thread.join(timeout=60)
        assert not thread.is_alive()


def until(found: Callable[[], Any], timeout_s: float = 120.0) -> Any:
    """Wait until `found()` is true, and return it."""
    end = time.monotonic() + timeout_s
    while not (result := found()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.3)
    return result
