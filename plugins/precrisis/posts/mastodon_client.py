"""Mastodon.py for one feed: bounded answers, waits obeyed, and errors that quote no post."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from mastodon import Mastodon, MastodonError, MastodonNetworkError, MastodonRatelimitError
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from precrisis.posts.bounded_session import BoundedSession, stated_wait_s
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused

PAGE_SIZE = 40
REQUEST_TIMEOUT_S = 30.0
# A longer wait than this is left to the scheduler: a task that sleeps holds a slot.
LONGEST_WAIT_S = 120.0
PUBLIC = "public"


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


class Client:
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
            return None, FeedBusy(self._feed.source, self._retry_after_s)
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
            self._retry_after_s = stated_wait_s(response) or 30.0

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
