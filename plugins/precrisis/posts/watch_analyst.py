"""Posts that were just stored become signals: what has come meanwhile is read together."""

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from queue import Empty, Queue

from precrisis.failures import traced
from precrisis.outcome import Outcome
from precrisis.posts.analyse import understand_these, warm_up
from precrisis.posts.watch_books import UNDERSTANDING, Books

log = logging.getLogger(__name__)

# More at once would come late; the oldest of them are left to posts_analyse.
MOST_WAITING = 500
LEFT = "posts left to posts_analyse: more came than could be understood in time"


@dataclass(frozen=True)
class Analyst:
    """Understands what lands until `stop` is set and nothing waits any more."""

    books: Books
    stop: threading.Event
    _waiting: Queue = field(default_factory=Queue)

    def landed(self, source_id: str, hashes: set[str]) -> None:
        """Take note of posts that were stored."""
        if hashes:
            self._waiting.put((source_id, hashes))

    def run(self) -> None:
        """Work; the model is loaded before the first post comes."""
        warm_up()
        while not (self.stop.is_set() and self._waiting.empty()):
            for source_id, hashes in self._come_meanwhile().items():
                self._understand(source_id, hashes)

    def _come_meanwhile(self) -> dict[str, set[str]]:
        """Hashes by source of what waits, the newest MOST_WAITING of it."""
        try:
            waiting = [self._waiting.get(timeout=0.2)]
        except Empty:
            return {}
        waiting += [self._waiting.get() for _ in range(self._waiting.qsize())]
        chosen: dict[str, set[str]] = defaultdict(set)
        count = 0
        for source_id, hashes in reversed(waiting):
            if count and count + len(hashes) > MOST_WAITING:
                self._leave(source_id, len(hashes))
                continue
            count += len(hashes)
            chosen[source_id] |= hashes
        return chosen

    def _leave(self, source_id: str, count: int) -> None:
        with self.books.entry(UNDERSTANDING, source_id) as account:
            account.outcome.remark(LEFT, count)

    def _understand(self, source_id: str, hashes: set[str]) -> None:
        """Understand posts of one source; after a failure they are posts_analyse's to try again."""
        done = Outcome()
        try:
            with self.books.entry(UNDERSTANDING, source_id) as account:
                understand_these(source_id, hashes, self.books.run, done)
                account.outcome.rows_in += done.rows_in
                account.outcome.rows_out += done.rows_out
        except Exception as error:
            self.books.fail(UNDERSTANDING, source_id, error)
            log.error("%s: understanding failed\n%s", source_id, traced(error))
