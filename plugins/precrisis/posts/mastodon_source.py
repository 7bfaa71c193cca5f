"""Pull public posts from a Mastodon-compatible server, forward and page by page, missing none.

`min_id` paging asks for what comes right after the last post seen, so a burst larger than a page,
or posts that arrive meanwhile, can't fall between two pages. Posts from other servers arrive late,
under ids of their own time: `stepped_back` moves a cursor to meet them, and edits, again.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from precrisis import clock
from precrisis.pack.sources import Source
from precrisis.posts.connector import Connector, Page, ReadingAgain
from precrisis.posts.mastodon_client import PUBLIC, Client, Feed
from precrisis.retention.periods import OLDEST_POST

NUMBER = re.compile("[0-9]{1,20}")  # str.isdigit is also true of "²", and of endless numbers
# Between these (2010 and 2100, in milliseconds) a number can be the time of a post.
FIRST_ID, LAST_ID = 1_262_304_000_000, 4_102_444_800_000
# A post's own time may be cut to the second, its id is not.
MARGIN = timedelta(seconds=2)


def read(source: Source, cursor: str | None) -> Iterator[Page]:
    """New pages of a source's timelines: its hashtags, or the server's public local timeline.

    One that is read for the first time is not read from its beginning. Where ids carry no time a
    server knows no such start, and answers nothing: then from there. Raises as `pull`.
    """
    feed = feed_of(source)
    if cursor:
        yield from pull(feed, cursor)
        return
    is_answered = False
    for page in pull(replace(feed, starts_at=clock.now() - OLDEST_POST)):
        is_answered = True
        yield page
    if not is_answered:
        yield from pull(feed)


def read_between(
    source: Source, cursor: str, start: datetime, end: datetime | None
) -> Iterator[Page]:
    """What was posted from `start` to `end`, or to the newest, once more. Raises as `pull`."""
    yield from pull(feed_of(source), stepped_back(cursor, start - MARGIN), end and end + MARGIN)


def feed_of(source: Source) -> Feed:
    """The feed that a source of the city pack names."""
    return Feed(source.source_id, source.address, tuple(source.hashtags), source.token_variable)


def pull(feed: Feed, cursor: str | None = None, until: datetime | None = None) -> Iterator[Page]:
    """Pages after the cursor, timeline by timeline, until each has nothing newer.

    With `until` a timeline ends with the page that passes this moment. A post under two hashtags
    comes once. Stop anywhere and go on with the last page's cursor.
    Raises FeedRefused, FeedBusy or FeedBroken; pages yielded before remain good.
    """
    positions: dict[str, str] = json.loads(cursor) if cursor else {}
    seen: set[str] = set()
    client = Client(feed)
    for timeline in feed.hashtags or (PUBLIC,):
        while page := client.page(timeline, positions.get(timeline)):
            positions = positions | {timeline: client.newest(page, positions.get(timeline))}
            fresh = [s for s in reversed(page) if _is_new(s, seen)]
            yield Page(json.dumps(positions, sort_keys=True), fresh)
            if until and (_time_of(positions[timeline]) or until) >= until:
                break


def newest_time(cursor: str) -> datetime | None:
    """The time (UTC) of the newest post read on any timeline; None where ids carry no time."""
    times = [_time_of(position) for position in json.loads(cursor).values()]
    return max(times) if times and None not in times else None


def stepped_back(cursor: str, moment: datetime) -> str:
    """The cursor at an earlier moment, so that what was posted since then is met again."""
    earliest = int(moment.timestamp() * 1000) << 16
    positions = json.loads(cursor).items()
    moved = {timeline: str(min(int(position), earliest)) for timeline, position in positions}
    return json.dumps(moved, sort_keys=True)


def _time_of(status_id: str) -> datetime | None:
    """Mastodon's ids count milliseconds since 1970 above their lowest 16 bits; others' do not."""
    milliseconds = int(status_id) >> 16 if NUMBER.fullmatch(status_id) else 0
    if not FIRST_ID <= milliseconds < LAST_ID:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _is_new(status: Mapping[str, Any], seen: set[str]) -> bool:
    """A status without an id always passes: cutting refuses it where it is counted."""
    status_id = str(status.get("id") or "")
    if status_id and status_id in seen:
        return False
    seen.add(status_id)
    return True


CONNECTOR = Connector(read, ReadingAgain(newest_time, read_between))
