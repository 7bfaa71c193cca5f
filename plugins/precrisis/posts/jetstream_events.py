"""What a Jetstream tells of posts: made, edited, deleted, or gone with their account.

Its messages are JSON: {"did", "time_us", "kind": "commit" | "account" | "identity", ...}. See
https://github.com/bluesky-social/jetstream and, for a record, the lexicon app.bsky.feed.post.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from precrisis import clock
from precrisis.outcome import Refused
from precrisis.plain_files import Unreadable, parsed_json
from precrisis.posts.connector import Page, Post, TakenBack, recent
from precrisis.posts.cutting import FIRST_POST
from precrisis.posts.plain_text import markup_of

COLLECTION = "app.bsky.feed.post"
# States of an account in which its posts are not public any more.
NOT_PUBLIC = {"deactivated", "deleted", "suspended", "takendown"}
EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
# An event of a later time would move the cursor past all that comes before it.
CLOCKS_APART = dt.timedelta(minutes=5)
# In a network of millions an hour without an event is an hour that the server forgot.
LONGEST_SILENCE = dt.timedelta(hours=1)
FORGOTTEN = "gaps in what the server remembers: deletions may be missed, nothing earlier is kept"
UNREADABLE = Refused("message_readable", "a message is no event in JSON, or its time is impossible")


class Heard:
    """What was heard since the last page. `newest_at` is the time of the newest event (UTC).

    `heard_until` is up to when an earlier reading had heard all.
    """

    def __init__(
        self,
        source_id: str,
        is_wanted: Callable[[str], bool],
        newest_at: dt.datetime,
        heard_until: dt.datetime,
    ) -> None:
        self._source_id, self._is_wanted = source_id, is_wanted
        self._is_first, self._heard_until = True, heard_until
        self.newest_at = newest_at
        self._begin()

    def _begin(self) -> None:
        self.messages = 0
        self._posts: dict[str, Post] = {}
        self._gone: set[str] = set()
        self._gone_authors: set[str] = set()
        self._has_gap = False
        self._refused: list[tuple[str, Refused]] = []

    @property
    def has_posts(self) -> bool:
        """Tell whether something of the city was heard since the last page."""
        return bool(self._posts)

    def take(self, message: bytes) -> None:
        """Hear one message; one that can't be read is refused, and the stream goes on."""
        self.messages += 1
        event = _event(message)
        at = moment_of_us(event.get("time_us"))
        if at is None:
            after = f"{self._source_id}/after {in_microseconds(self.newest_at)}"
            self._refused.append((after, UNREADABLE))
            return
        if self._is_first:
            self._is_first, self._has_gap = False, at - self._heard_until > LONGEST_SILENCE
        self.newest_at = max(self.newest_at, at)
        author, commit, account = event.get("did"), event.get("commit"), event.get("account")
        if isinstance(author, str) and isinstance(commit, Mapping):
            self._commit(author, commit, at)
        elif isinstance(author, str) and isinstance(account, Mapping):
            self._account(author, account)

    def page(self, cursor: str) -> Page:
        """All of it as a page, which begins the next one."""
        posts, remarks = recent(self._posts.values())
        gone, authors = frozenset(self._gone), frozenset(self._gone_authors)
        taken_back = TakenBack(gone, authors, is_everything=self._has_gap)
        remarks |= {FORGOTTEN: int(self._has_gap)}
        page = Page(cursor, posts, taken_back, self._refused, remarks)
        self._begin()
        return page

    def _commit(self, author: str, commit: Mapping[str, Any], at: dt.datetime) -> None:
        if commit.get("collection") != COLLECTION:
            return
        post_id = f"at://{author}/{COLLECTION}/{commit.get('rkey')}"
        is_edit = commit.get("operation") == "update"
        record = commit.get("record") if commit.get("operation") in ("create", "update") else None
        if isinstance(record, Mapping) and self._is_wanted(_said(record)):
            self._gone.discard(post_id)
            self._posts[post_id] = _post(post_id, author, record, at if is_edit else None)
        elif is_edit or commit.get("operation") == "delete":
            self._posts.pop(post_id, None)
            self._gone.add(post_id)

    def _account(self, author: str, account: Mapping[str, Any]) -> None:
        if account.get("active") is False and str(account.get("status")) in NOT_PUBLIC:
            theirs = [key for key, post in self._posts.items() if post["account"]["id"] == author]
            for key in theirs:
                del self._posts[key]
            self._gone_authors.add(author)


def in_microseconds(at: dt.datetime) -> int:
    """A moment as a Jetstream counts: microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def of_microseconds(time_us: int) -> dt.datetime:
    """What `in_microseconds` made of a moment."""
    return EPOCH + time_us * MICROSECOND


def moment_of_us(time_us: Any) -> dt.datetime | None:
    """An event's time as UTC; None where it is no number, or no time that has been yet."""
    if not isinstance(time_us, int) or isinstance(time_us, bool):
        return None
    latest = in_microseconds(clock.now() + CLOCKS_APART)
    is_possible = in_microseconds(FIRST_POST) <= time_us <= latest
    return of_microseconds(time_us) if is_possible else None


def _event(message: bytes) -> Mapping[str, Any]:
    try:
        event = parsed_json(message, "message")
    except Unreadable:
        return {}
    return event if isinstance(event, Mapping) else {}


def _said(record: Mapping[str, Any]) -> str:
    """What a post says, with hashtags that stand beside its text."""
    text, tags = record.get("text"), record.get("tags")
    beside = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return " ".join([text if isinstance(text, str) else "", *beside])


def _post(
    post_id: str, author: str, record: Mapping[str, Any], edited_at: dt.datetime | None
) -> Post:
    text, languages = record.get("text"), record.get("langs")
    return {
        "id": post_id,
        "created_at": record.get("createdAt"),
        "edited_at": edited_at and edited_at.isoformat(),
        "content": markup_of(text) if isinstance(text, str) else None,
        "language": languages[0] if isinstance(languages, list) and languages else None,
        "account": {"id": author},
    }
