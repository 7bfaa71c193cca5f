"""One source of posts read without a break: a stream followed, or a server asked at its pace."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from precrisis.city import city
from precrisis.failures import traced
from precrisis.gate import NoBasis, authorise
from precrisis.posts.connector import Connector
from precrisis.posts.connectors import connector_of
from precrisis.posts.cursors import alone, place_of
from precrisis.posts.ingest import busy_noted, left_alone_until, news, take_in_page
from precrisis.posts.pages import Reading
from precrisis.posts.watch_books import TAKING_IN, Books
from precrisis.warehouse import connect

log = logging.getLogger(__name__)

NO_BASIS_S = 60.0  # the register may change; until then nothing is read
RETRY_S = 10.0


@dataclass(frozen=True)
class Reader:
    """Reads one source until `stop` is set, and hands on the hashes of the posts it stored."""

    source_id: str
    books: Books
    landed: Callable[[str, set[str]], None]
    stop: threading.Event

    def run(self) -> None:
        """Read; after a failure begin again from what is safe."""
        while not self.stop.is_set():
            try:
                with connect("ingest") as connection:
                    self._read(connection)
            except Exception as error:
                self.books.fail(TAKING_IN, self.source_id, error)
                log.error("%s: reading failed\n%s", self.source_id, traced(error))
                self.stop.wait(NO_BASIS_S if isinstance(error, NoBasis) else RETRY_S)

    def _read(self, connection: psycopg.Connection) -> None:
        while not self.stop.is_set():
            source = city().source(self.source_id)
            connector = connector_of(source.kind)
            if connector.follow:
                self._follow(connection, connector)
                self.stop.wait(RETRY_S)  # it asks to wait, or the stream ended without a failure
            else:
                self._ask(connection, connector)
                self.stop.wait(source.terms.poll_s)

    def _ask(self, connection: psycopg.Connection, connector: Connector) -> None:
        """Take in what a server has since the last time. No other may read it meanwhile."""
        with self._reading(connection) as reading, alone(connection, self.source_id):
            if left_alone_until(reading):
                return
            for page in news(reading, connector):
                self.landed(self.source_id, take_in_page(reading, page))
                if self.stop.is_set():
                    return
                self._require_basis()

    def _follow(self, connection: psycopg.Connection, connector: Connector) -> None:
        """Take in a stream's pages as they come; the gate is asked before each is stored."""
        with self._reading(connection) as reading:
            if left_alone_until(reading):
                return
        cursor = place_of(connection, self.source_id).cursor
        with busy_noted(reading), closing(connector.follow(reading.source, cursor)) as pages:
            for page in pages:
                with self._reading(connection) as reading, alone(connection, self.source_id):
                    hashes = take_in_page(reading, page)
                self.landed(self.source_id, hashes)
                if self.stop.is_set():
                    return

    @contextmanager
    def _reading(self, connection: psycopg.Connection) -> Iterator[Reading]:
        """A reading that counts in the books of this hour, by the register as it is now."""
        purpose = self._require_basis()
        source = city().source(self.source_id)
        with self.books.entry(TAKING_IN, self.source_id) as account:
            yield Reading(connection, source, purpose, account.outcome)

    def _require_basis(self):
        """By the register as it is now: an objection ends a stream that is open."""
        return authorise(city().source(self.source_id), self.books.run, "ingest")


def continuous_sources() -> list[str]:
    """The sources of posts that are read without a break."""
    return [source.source_id for source in city().sources_of("post") if source.is_continuous]
