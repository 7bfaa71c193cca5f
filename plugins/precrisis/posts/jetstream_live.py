"""Follow a Jetstream as it goes on: a page of posts soon after they were made, without an end.

What a page is, how a gap is told and where a reading goes on is as when a backlog is read
(jetstream_source.py): a crash repeats some seconds and loses none.
"""

import time
from collections.abc import Iterator

from precrisis import clock
from precrisis.city import city
from precrisis.pack.sources import Source
from precrisis.posts.city_mentions import mentions
from precrisis.posts.connector import Connector, Page
from precrisis.posts.jetstream_events import Heard
from precrisis.posts.jetstream_source import MESSAGES_A_PAGE, OVERLAP, Left, Stream, read

# Posts heard within so little time share a page: a check at the door costs more than a post.
GATHERED_S = 0.5
# A page without a post: deletions are told, and the cursor moves on.
IDLE_PAGE_S = 5.0
TICK_S = 0.1


def follow(source: Source, cursor: str | None) -> Iterator[Page]:
    """Pages after the cursor, as they come; one at least every IDLE_PAGE_S seconds.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: as `read`.
    """
    left = Left.of(cursor)
    heard = Heard(source.source_id, mentions(city(), source), left.event_at, left.heard_until)
    stream = Stream(source, left.event_at - OVERLAP, TICK_S)
    pace = _Pace()
    for message in stream:
        if message is not None:
            heard.take(message)
        if pace.is_due(heard):
            left = _left_at(left, heard, is_quiet=message is None)
            yield heard.page(left.cursor())
            pace = _Pace()
    if heard.messages:
        yield heard.page(_left_at(left, heard, is_quiet=False).cursor())
    if stream.failure:
        raise stream.failure


class _Pace:
    """When the next page is due."""

    def __init__(self) -> None:
        self._idle_until = time.monotonic() + IDLE_PAGE_S
        self._gathered_at: float | None = None

    def is_due(self, heard: Heard) -> bool:
        """Tell whether the first post has waited long enough, or nothing of the city was heard."""
        now = time.monotonic()
        if heard.has_posts and self._gathered_at is None:
            self._gathered_at = now + GATHERED_S
        is_full = heard.messages >= MESSAGES_A_PAGE
        return is_full or now >= (self._gathered_at or self._idle_until)


def _left_at(left: Left, heard: Heard, is_quiet: bool) -> Left:
    """Where the stream is. While nothing comes, all was heard but what is on its way."""
    until = clock.now() - OVERLAP if is_quiet else heard.newest_at
    return Left(min(heard.newest_at, clock.now()), max(left.heard_until, until))


CONNECTOR = Connector(read, follow=follow)
