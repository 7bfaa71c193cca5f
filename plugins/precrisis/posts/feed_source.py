"""Read an RSS or Atom feed: asked for only when it changed, within limits, entry by entry.

The cursor is what the server said of its last answer (ETag, Last-Modified), so a feed that did not
change costs one request without a body. A feed lists its newest entries only: one that is not
listed any more is no deletion. An entry without an author is the feed's own: to the small-cell
rule the whole feed is one voice.
"""

import json
import os
from collections.abc import Iterator

import requests

from precrisis.pack.sources import Source
from precrisis.posts.bounded_session import BoundedSession, stated_wait_s
from precrisis.posts.connector import (
    Connector,
    FeedBroken,
    FeedBusy,
    FeedRefused,
    Page,
    recent,
)
from precrisis.posts.feed_entries import Entry, NoFeed, parsed, post_of

TIMEOUT_S = 30.0
UNSTATED_WAIT_S = 600.0
LONGEST_VALIDATOR = 500
MOST_ENTRIES = 2_000
# What a server says of its answer, and how it is asked whether that still holds.
VALIDATORS = {"etag": ("ETag", "If-None-Match"), "modified": ("Last-Modified", "If-Modified-Since")}


def read(source: Source, cursor: str | None) -> Iterator[Page]:
    """The feed's entries as one page; none where it did not change since the cursor.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: the server says so, or what it gives is no feed.
    """
    answer = _asked(source, json.loads(cursor) if cursor else {})
    if answer.status_code == 304:
        return
    entries = _entries(answer, source)
    posts, remarks = recent(post_of(entry, source.source_id) for entry in entries[:MOST_ENTRIES])
    beyond = max(0, len(entries) - MOST_ENTRIES)
    remarks |= {f"entries beyond the first {MOST_ENTRIES} were not read": beyond}
    yield Page(_cursor(answer), posts[::-1], remarks=remarks)


def _entries(answer: requests.Response, source: Source) -> list[Entry]:
    try:
        return parsed(answer.content)
    except NoFeed as reason:
        what = str(reason)
    raise _broken(source, what)


def _asked(source: Source, known: dict[str, str]) -> requests.Response:
    headers = {VALIDATORS[name][1]: value for name, value in known.items()} | _authorisation(source)
    try:
        with BoundedSession() as session:
            answer = session.get(source.address, headers=headers, timeout=TIMEOUT_S)
    except (requests.RequestException, UnicodeError):
        answer = None  # its message may quote the address, and so a login
    if answer is None:
        raise _broken(source, "can't be reached, or answers without an end")
    if answer.status_code in (401, 403):
        raise FeedRefused(_refused(source, answer.status_code))
    if answer.status_code in (429, 503):
        stated_s = stated_wait_s(answer)
        raise FeedBusy(source.source_id, UNSTATED_WAIT_S if stated_s is None else stated_s)
    if answer.status_code not in (200, 304):
        raise _broken(source, f"answered {answer.status_code}")
    return answer


def _cursor(answer: requests.Response) -> str:
    stated = {name: answer.headers.get(header) for name, (header, _) in VALIDATORS.items()}
    kept = {n: v for n, v in stated.items() if v and len(v) <= LONGEST_VALIDATOR and v.isascii()}
    return json.dumps(kept, sort_keys=True)


def _authorisation(source: Source) -> dict[str, str]:
    variable = source.token_variable
    if variable is None:
        return {}
    if not os.environ.get(variable):
        raise FeedRefused(f"feed {source.source_id} has no token; set {variable}")
    return {"Authorization": f"Bearer {os.environ[variable]}"}


def _refused(source: Source, status: int) -> str:
    variable = source.token_variable or "a token_variable of the feed"
    return f"feed {source.source_id} refused ({status}); renew {variable}"


def _broken(source: Source, what: str) -> FeedBroken:
    return FeedBroken(
        f"feed {source.source_id} {what}; look at its address in sources.yaml, then run again"
    )


CONNECTOR = Connector(read)
