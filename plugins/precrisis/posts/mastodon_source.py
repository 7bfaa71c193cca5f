"""Pull public posts from a Mastodon-compatible server, forward and page by page, missing none.

`min_id` paging asks for what comes right after the last post seen, so a burst larger than a page,
or posts that arrive meanwhile, can't fall between two pages. Posts from other servers arrive late,
under ids of their own time: `stepped_back` moves a cursor to meet them, and edits, again.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from mastodon import Mastodon, MastodonError, MastodonNetworkError, MastodonRatelimitError
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from precrisis.posts.bounded_session import BoundedSession

PAGE_SIZE = 40
REQUEST_TIMEOUT_S = 30.0
# A longer wait than this is left to the scheduler: a task that sleeps holds a slot.
LONGEST_WAIT_S = 120.0
PUBLIC = "public"
NUMBER = re.compile("[0-9]{1,20}")  # str.isdigit is also true of "²", and of endless numbers
# Between these (2010 and 2100, in milliseconds) a number can be the time of a post.
FIRST_ID, LAST_ID = 1_262_304_000_000, 4_102_444_800_000


class FeedRefused(PermissionError):
    """The server wants a token, or another one (401, 403)."""


class FeedBusy(ConnectionError):
    """The server asks to wait longer than a task should (429)."""


class FeedBroken(ConnectionError):
    """The server is out of reach, fails (5xx) or answers something that is no timeline."""


@dataclass(frozen=True)
class Feed:
    """One source of posts. Without hashtags the server's public local timeline is read."""

    source: str
    address: str
    hashtags: tuple[str, ...] = ()
    token_variable: str | None = None
    # Where a timeline without a cursor begins; None is the oldest post the server still has.
    starts_at: datetime | None = None
    longest_wait_s: float = LONGEST_WAIT_S


@dataclass(frozen=True)
class Page:
    """Statuses of one page, oldest first, and the cursor to store once they are safe."""

    timeline: str
    cursor: str
    statuses: list[Mapping[str, Any]] = field(repr=False)


def pull(feed: Feed, cursor: str | None = None, until: datetime | None = None) -> Iterator[Page]:
    """Pages after the cursor, timeline by timeline, until each has nothing newer.

    With `until` a timeline ends with the page that passes this moment. A post under two hashtags
    comes once. Stop anywhere and go on with the last page's cursor.
    Raises FeedRefused, FeedBusy or FeedBroken; pages yielded before remain good.
    """
    positions: dict[str, str] = json.loads(cursor) if cursor else {}
    seen: set[str] = set()
    client = _Client(feed)
    for timeline in feed.hashtags or (PUBLIC,):
        while page := client.page(timeline, positions.get(timeline)):
            positions = positions | {timeline: client.newest(page, positions.get(timeline))}
            fresh = [s for s in reversed(page) if _is_new(s, seen)]
            yield Page(timeline, json.dumps(positions, sort_keys=True), fresh)
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


class _Client:
    """Mastodon.py for one feed, with its errors turned into ours.

    Its own messages quote the answer, which holds posts; so ours are raised outside the except
    block and carry nothing over.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._retry_after_s = 1.0
        session = BoundedSession()
        session.hooks["response"].append(self._note_retry_after)
        self._api = Mastodon(
            api_base_url=feed.address,
            access_token=self._token(),
            ratelimit_method="throw",
            request_timeout=REQUEST_TIMEOUT_S,
            session=session,
        )

    def page(self, timeline: str, position: str | None) -> list[Mapping[str, Any]]:
        """The page right after the position, newest first; empty at the end."""
        waits = Retrying(
            retry=retry_if_exception_type(MastodonRatelimitError),
            wait=lambda _: self._retry_after_s,
            stop=self._would_wait_too_long,
            reraise=True,
        )
        answer, failure = self._attempt(lambda: waits(self._read, timeline, position))
        if failure is not None:
            raise failure
        if not isinstance(answer, list) or not all(isinstance(s, Mapping) for s in answer):
            raise self._broken("answered something that is no list of posts")
        return answer

    def newest(self, page: list[Mapping[str, Any]], position: str | None) -> str:
        """The position after the page: what its Link header says, or else its highest id."""
        link = getattr(page, "_pagination_prev", None) or {}
        ids = [str(s["id"]) for s in page if s.get("id")]
        newest = str(link.get("min_id") or max(ids, key=_id_order, default=""))
        if not newest or (position and _id_order(newest) <= _id_order(position)):
            raise self._broken("pages without moving forward")
        return newest

    def _read(self, timeline: str, position: str | None) -> Any:
        bounds = {"min_id": position or self._feed.starts_at or "0", "limit": PAGE_SIZE}
        if timeline == PUBLIC:
            return self._api.timeline_public(local=True, **bounds)
        return self._api.timeline_hashtag(timeline, **bounds)

    def _attempt(self, call: Callable[[], Any]) -> tuple[Any, Exception | None]:
        try:
            return call(), None
        except MastodonRatelimitError:
            return None, FeedBusy(
                f"feed {self._feed.source} asks to wait {self._retry_after_s:.0f} s; "
                "the next run goes on where this one stopped"
            )
        except RecursionError:
            return None, self._broken("answered JSON that is nested too deep")
        except MastodonNetworkError:
            return None, self._broken("can't be reached")
        except MastodonError as error:
            return None, self._of_status(next((a for a in error.args if isinstance(a, int)), None))

    def _of_status(self, status: int | None) -> Exception:
        if status in (401, 403):
            variable = self._feed.token_variable or "a token variable of the feed"
            return FeedRefused(f"feed {self._feed.source} refused ({status}); renew {variable}")
        return self._broken(f"answered {status}" if status else "answered what is no JSON")

    def _broken(self, what: str) -> FeedBroken:
        return FeedBroken(
            f"feed {self._feed.source} {what}; look at {self._feed.address}, then run again"
        )

    def _would_wait_too_long(self, state: RetryCallState) -> bool:
        slept_s = state.idle_for
        return slept_s + self._retry_after_s > self._feed.longest_wait_s

    def _note_retry_after(self, response: requests.Response, *_: Any, **__: Any) -> None:
        if response.status_code == 429:
            stated = response.headers.get("Retry-After", "")
            self._retry_after_s = float(stated) if NUMBER.fullmatch(stated) else 30.0

    def _token(self) -> str | None:
        variable = self._feed.token_variable
        if variable is None:
            return None
        if not os.environ.get(variable):
            raise FeedRefused(f"feed {self._feed.source} has no token; set {variable}")
        return os.environ[variable]


def _id_order(status_id: str) -> tuple[int, str]:
    """Ids are numbers on Mastodon and sortable text elsewhere; longer numbers are later."""
    return (len(status_id), status_id) if status_id.isdigit() else (0, status_id)
