"""Read Bluesky's public posts from a Jetstream: one run takes the backlog since its cursor.

A Jetstream sends what happens on the whole network, in order, each event with its time in
microseconds. A run connects at that time, takes what speaks of the city, notes what was deleted by
its author or is gone with its account, and closes once it has caught up or reached a limit. What
the server does not remember any more was missed, deletions too: then nothing kept is known to be
public still, and all of it goes.
"""

import datetime as dt
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from precrisis import clock
from precrisis.city import city
from precrisis.pack.sources import Source
from precrisis.posts.bounded_session import stated_wait_s
from precrisis.posts.city_mentions import mentions
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused, Page
from precrisis.posts.jetstream_events import COLLECTION, Heard, in_microseconds, of_microseconds

LARGEST_MESSAGE_BYTES = 1_000_000  # a post has some 1,000
OPENING_S = 10.0
# Nothing for this long: there is no backlog left.
QUIET_S = 5.0
# A longer backlog is left to the next run.
LONGEST_READING_S = 240.0
MESSAGES_A_PAGE = 5_000
FIRST_LOOK_BACK = dt.timedelta(hours=1)
# Read once more by each run: a server promises no gap only with some overlap.
OVERLAP = dt.timedelta(seconds=5)
UNSTATED_WAIT_S = 600.0


@dataclass(frozen=True)
class Left:
    """Where a run left the stream: its newest event, and up to when all was heard (UTC)."""

    event_at: dt.datetime
    heard_until: dt.datetime

    @classmethod
    def of(cls, cursor: str | None) -> "Left":
        """Where the cursor says; without one a stream is read from an hour ago."""
        if cursor is None:
            return cls(clock.now() - FIRST_LOOK_BACK, clock.now())
        kept = json.loads(cursor)
        return cls(*(of_microseconds(kept[name]) for name in ("event_us", "heard_until_us")))

    def cursor(self) -> str:
        times = {"event_us": self.event_at, "heard_until_us": self.heard_until}
        return json.dumps({name: in_microseconds(at) for name, at in times.items()})


def read(source: Source, cursor: str | None) -> Iterator[Page]:
    """Pages of the backlog after the cursor, until there is none or a limit is reached.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: the server says so, can't be reached, or went away in
            mid-stream; what was heard before is yielded first.
    """
    began_at, left = clock.now(), Left.of(cursor)
    is_wanted = mentions(city(), source)
    heard = Heard(source.source_id, is_wanted, left.event_at, left.heard_until)
    stream = Stream(source, left.event_at - OVERLAP)
    is_caught_up = False
    for message in stream:
        heard.take(message)
        if is_caught_up := heard.newest_at >= began_at:
            break
        if heard.messages >= MESSAGES_A_PAGE:
            left = Left(heard.newest_at, max(left.heard_until, heard.newest_at))
            yield heard.page(left.cursor())
    until = began_at if is_caught_up or stream.is_quiet else heard.newest_at
    if heard.messages or stream.is_quiet:
        newest_at = min(heard.newest_at, began_at)
        yield heard.page(Left(newest_at, max(left.heard_until, until)).cursor())
    if stream.failure:
        raise stream.failure


class Stream:
    """The messages of one connection; how it ended is kept, so that what came is used first.

    It ends after QUIET_S without one, or LONGEST_READING_S; with `tick_s` it has no end, and gives
    None after so many seconds without one.
    """

    def __init__(self, source: Source, since: dt.datetime, tick_s: float | None = None) -> None:
        self._source, self._since, self._tick_s = source, since, tick_s
        self.failure: Exception | None = None
        self.is_quiet = False

    def __iter__(self) -> Iterator[bytes | None]:
        try:
            yield from self._messages()
        except InvalidStatus as refusal:
            self.failure = self._of_status(refusal.response)
        except ConnectionClosed as end:
            self.failure = self._broken(_how(end))
        except (WebSocketException, OSError):
            self.failure = self._broken("can't be reached, or speaks no WebSocket")

    def _messages(self) -> Iterator[bytes | None]:
        ends_at = time.monotonic() + (LONGEST_READING_S if self._tick_s is None else math.inf)
        with connect(
            self._address(),
            max_size=LARGEST_MESSAGE_BYTES,
            open_timeout=OPENING_S,
            close_timeout=1.0,
        ) as socket:
            while time.monotonic() < ends_at:
                try:
                    yield socket.recv(timeout=self._tick_s or QUIET_S, decode=False)
                except TimeoutError:
                    if self._tick_s is None:
                        self.is_quiet = True
                        return
                    yield None

    def _address(self) -> str:
        asked = {
            "wantedCollections": COLLECTION,
            "cursor": in_microseconds(self._since),
            "maxMessageSizeBytes": LARGEST_MESSAGE_BYTES,
        }
        return f"{self._source.address}?{urlencode(asked)}"

    def _of_status(self, response) -> Exception:
        if response.status_code in (401, 403):
            return FeedRefused(
                f"stream {self._source.source_id} refused ({response.status_code}); name another "
                "address in sources.yaml"
            )
        if response.status_code in (429, 503):
            stated_s = stated_wait_s(response)
            wait_s = UNSTATED_WAIT_S if stated_s is None else stated_s
            return FeedBusy(self._source.source_id, wait_s)
        return self._broken(f"answered {response.status_code}")

    def _broken(self, what: str) -> FeedBroken:
        return FeedBroken(
            f"stream {self._source.source_id} {what}; the next run goes on where this one stopped. "
            "If it stays so, name another address in sources.yaml"
        )


def _how(end: ConnectionClosed) -> str:
    is_ours = end.sent is not None and end.sent.code == 1009
    return f"sent more than {LARGEST_MESSAGE_BYTES} bytes at once" if is_ours else "went away"
