"""What a source of posts is to the platform, whatever it speaks: pages of posts, and what is gone.

A further kind of source is one module with a Connector, one line in connectors.py and one word in
`Source.kind`. A connector cuts and stores nothing. It hands over posts in the shape of Mastodon's
statuses, as far as cutting.py reads them:

    id, created_at (ISO 8601 with zone), edited_at, content (HTML), spoiler_text (HTML), language,
    visibility, account: id, username, display_name
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from precrisis import clock
from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.posts.cutting import moment_of
from precrisis.retention.periods import OLDEST_POST

LONGEST_STATED_WAIT_S = 86_400.0
TOO_OLD = "posts were left alone, being too old"
Post = Mapping[str, Any]


class FeedRefused(PermissionError):
    """The server wants a token, or another one (401, 403)."""


class FeedBusy(ConnectionError):
    """The server asks to wait longer than a task should (429, 503); it is not asked until then."""

    def __init__(self, source_id: str, wait_s: float) -> None:
        self.wait_s = min(max(wait_s, 0.0), LONGEST_STATED_WAIT_S)
        super().__init__(
            f"feed {source_id} asks to wait {self.wait_s:.0f} s; "
            "a run after that goes on where this one stopped"
        )


class FeedBroken(ConnectionError):
    """The source is out of reach, fails (5xx) or answers something that holds no posts."""


@dataclass(frozen=True)
class TakenBack:
    """What may not be kept any longer: posts by their own id, all posts of an account, or all.

    `is_everything` where a source tells what is gone, and some of that may have been missed.
    """

    post_ids: frozenset[str] = field(default=frozenset(), repr=False)
    author_ids: frozenset[str] = field(default=frozenset(), repr=False)
    is_everything: bool = False


@dataclass(frozen=True)
class Page:
    """Posts read together, oldest first, and the cursor to keep once they are safe.

    A post under the same id as an earlier one is its newer wording. What is `taken_back` by its id
    or account counts after the posts, what is taken back as a whole before them. `refused` are
    items that are no post at all, by a key fit for any reader; `remarks` are counts of what the
    outcome is to say.
    """

    cursor: str
    posts: list[Post] = field(repr=False)
    taken_back: TakenBack = TakenBack()
    refused: list[tuple[str, Refused]] = field(default_factory=list)
    remarks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadingAgain:
    """How a server that tells of no deletion is read once more: what is not met any more is gone.

    `newest_time` gives the time (UTC) of the newest post before a cursor, None where it can't be
    told; `between` all posts from a moment on, up to another or to the cursor's end.
    """

    newest_time: Callable[[str], dt.datetime | None]
    between: Callable[[Source, str, dt.datetime, dt.datetime | None], Iterator[Page]]


@dataclass(frozen=True)
class Connector:
    """One kind of source. `read` yields pages after a cursor (None at first) until none is left.

    It may be stopped anywhere and goes on with the last page's cursor; a repeated page must give
    the same posts under the same ids. It raises FeedRefused, FeedBusy or FeedBroken; pages yielded
    before remain good. `reading_again` is None where the source itself tells what is gone, or where
    that a post is not listed any more says nothing. `follow` is `read` without an end, where a
    source tells by itself what happens: a page soon after each post, and an empty one now and then.
    """

    read: Callable[[Source, str | None], Iterator[Page]]
    reading_again: ReadingAgain | None = None
    follow: Callable[[Source, str | None], Iterator[Page]] | None = None


def recent(posts: Iterable[Post]) -> tuple[list[Post], dict[str, int]]:
    """The posts that are not too old to be kept, and a remark on how many are.

    For sources that list old posts with new ones. A post without a usable time stays: cutting
    refuses it where it is counted.
    """
    posts = list(posts)
    oldest = clock.now() - OLDEST_POST
    kept = [post for post in posts if (moment_of(post.get("created_at")) or oldest) >= oldest]
    return kept, {TOO_OLD: len(posts) - len(kept)}
