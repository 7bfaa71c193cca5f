"""Read an RSS or Atom feed: asked for only when it changed, within limits, entry by entry.

The cursor is what the server said of its last answer (ETag, Last-Modified), so a feed that did not
change costs one request without a body. A feed lists its newest entries only: one that is not
listed any more is no deletion. An entry without an author is the feed's own: to the small-cell
rule the whole feed is one voice.
"""

import json
from collections.abc import Iterator

import requests

from precrisis.pack.sources import Source
from precrisis.posts.bounded_session import BoundedSession
from precrisis.posts.connector import Connector, Page, recent
from precrisis.posts.feed_entries import Entry, NoFeed, parsed, post_of
from precrisis.posts.feed_request import ask, broken, validators_of

MOST_ENTRIES = 2_000


def read(source: Source, cursor: str | None) -> Iterator[Page]:
    """The feed's entries as one page; none where it did not change since the cursor.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: the server says so, or what it gives is no feed.
    """
    with BoundedSession() as session:
        answer = ask(source, source.address, json.loads(cursor) if cursor else {}, session)
    if answer.status_code == 304:
        return
    entries = _entries(answer, source)
    posts, remarks = recent(post_of(entry, source.source_id) for entry in entries[:MOST_ENTRIES])
    beyond = max(0, len(entries) - MOST_ENTRIES)
    remarks |= {f"entries beyond the first {MOST_ENTRIES} were not read": beyond}
    yield Page(json.dumps(validators_of(answer), sort_keys=True), posts[::-1], remarks=remarks)


def _entries(answer: requests.Response, source: Source) -> list[Entry]:
    try:
        return parsed(answer.content)
    except NoFeed as reason:
        what = str(reason)
    raise broken(source, what)


CONNECTOR = Connector(read)
