"""Near real time: posts read without a break, and understood as they come.

One warm process of the stack (program posts-watch). It does what posts_ingest and posts_analyse do,
with their functions, under the same gate, roles and doors, for the sources that say
`is_continuous`. A stream is kept open; others are asked as often as their terms allow. Both DAGs
read the same sources too, one reader at a time: they read again for deletions, and take what was
missed while this process was down or could not keep up.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from precrisis import clock
from precrisis.city import city, take_up_changes
from precrisis.failures import traced
from precrisis.posts.analyse import model_version, place_finder, theme_scorer
from precrisis.posts.watch_analyst import Analyst
from precrisis.posts.watch_books import Books
from precrisis.posts.watch_reader import Reader, continuous_sources
from precrisis.settings import settings

log = logging.getLogger(__name__)

LOOK_S = 5.0
TELL_S = 60.0
ENDING_S = 15.0
ALIVE = "posts-watch.alive"  # in the state folder; touched while all is well


@dataclass
class Watch:
    """A reader for each source, one analyst, and the books; `run` until `stop` is set."""

    stop: threading.Event = field(default_factory=threading.Event)
    look_s: float = LOOK_S
    tell_s: float = TELL_S
    _threads: dict[str, threading.Thread] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._books = Books(clock.now())
        self._analyst = Analyst(self._books, self.stop)
        self._told_at = time.monotonic()

    def run(self) -> None:
        """Work until stopped; then understand what is stored, and tell what was done."""
        while not self.stop.wait(self.look_s):
            self._attempt(read_anew, self._start, self._tell_now_and_then)
        for thread in self._threads.values():
            thread.join(ENDING_S)
        self._attempt(self._tell)

    def _attempt(self, *acts: Callable[[], None]) -> None:
        """A pack that is being edited, a warehouse that starts anew: it is tried again."""
        try:
            for act in acts:
                act()
        except Exception as error:
            log.error("not done; tried again in %.0f s\n%s", self.look_s, traced(error))

    def _start(self) -> None:
        """A reader for each source that has none, and an analyst where there is a reader."""
        for source_id in continuous_sources():
            self._keep_running("the analyst", self._analyst.run)
            reader = Reader(source_id, self._books, self._analyst.landed, self.stop)
            self._keep_running(source_id, reader.run)

    def _keep_running(self, name: str, work: Callable[[], None]) -> None:
        if name in self._threads and self._threads[name].is_alive():
            return
        self._threads[name] = threading.Thread(
            target=self._attempt, args=(work,), name=name, daemon=True
        )
        self._threads[name].start()

    def _tell_now_and_then(self) -> None:
        if time.monotonic() - self._told_at >= self.tell_s:
            self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        self._books.tell(model_version())


def read_anew() -> None:
    """Take up changes of the pack, above all of its register, and show that this process lives."""
    (settings().state / ALIVE).touch()
    before = city()
    take_up_changes()
    if city() is not before:
        for made_of_it in (place_finder, theme_scorer):
            made_of_it.cache_clear()


def main() -> None:
    """Watch until TERM; without a source that is read without a break, wait for one."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    watch = Watch()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stop.set())
    watch.run()


if __name__ == "__main__":
    main()
