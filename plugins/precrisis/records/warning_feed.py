"""A partner's feed of warnings (Atom or RSS over https): which CAP messages are new, and fetched.

The feed is asked for only when it changed; each message it lists is fetched once, from the feed's
host or one that the pack names, also after a redirect. The cursor holds what the server said of its
last answer, and which of the messages it lists are known. While one could not be fetched the feed
counts as not read, so that the next run tries that one again.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.posts.bounded_session import BoundedSession, is_of
from precrisis.posts.connector import FeedBroken, FeedRefused
from precrisis.posts.feed_entries import Entry, NoFeed, parsed
from precrisis.posts.feed_request import NotThere, ask, broken, validators_of
from precrisis.records.cap_warning import LARGEST_BYTES

CAP_TYPE = "application/cap+xml"
MOST_MESSAGES = 500  # fetched in a run; the rest waits for the next
UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
NOT_OUR_HOST = "it lies on another host than the feed; enter that in the source's message_hosts"


@dataclass(frozen=True)
class Listed:
    """A message as a feed lists it. `key` changes when the feed says that it was updated."""

    address: str
    key: str

    @property
    def name(self) -> str:
        """A name fit for any reader: the end of its path, without what a query may hold."""
        last = urlsplit(self.address).path.rpartition("/")[2]
        return f"{UNFIT.sub('-', last)[:60]}-{self.key[:8]}"


@dataclass
class Reading:
    """What a feed gave: messages and refusals by name, and the cursor to keep once they are safe.

    problem: what kept some of it from being read, to be raised once the rest is safe.
    """

    messages: list[tuple[str, bytes]] = field(default_factory=list, repr=False)
    refused: list[tuple[str, Refused]] = field(default_factory=list)
    cursor: str | None = None
    problem: Exception | None = None


def read_warnings(source: Source, cursor: str | None) -> Reading:
    """Return what is new in a feed since a cursor; nothing where the feed did not change.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: the server says so, or what it gives is no feed.
    """
    before = json.loads(cursor) if cursor else {"validators": {}, "known": []}
    hosts = {urlsplit(source.address).netloc.rpartition("@")[2].lower(), *source.message_hosts}
    with BoundedSession(hosts=hosts) as session:
        answer = ask(source, source.address, before["validators"], session)
    if answer.status_code == 304:
        return Reading()
    listed = list(_listed(answer, source))
    reading, known = Reading(), {one.key for one in listed} & set(before["known"])
    new = [one for one in listed if one.key not in known]
    for one in new[:MOST_MESSAGES]:
        if reading.problem is None and _read(one, source, hosts, reading):
            known.add(one.key)
    is_whole = reading.problem is None and len(new) <= MOST_MESSAGES
    validators: Mapping[str, str] = validators_of(answer) if is_whole else {}
    reading.cursor = json.dumps({"validators": validators, "known": sorted(known)})
    return reading


def _read(one: Listed, source: Source, hosts: Collection[str], reading: Reading) -> bool:
    """Fetch a message into the reading; True when it is known from now on."""
    if not is_of(one.address, hosts):
        reading.refused.append((one.name, Refused("link_stays", NOT_OUR_HOST)))
        return False
    try:
        with BoundedSession(largest_bytes=LARGEST_BYTES, hosts=hosts) as session:
            answer = ask(source, one.address, {}, session)
    except NotThere as absent:
        reading.refused.append((one.name, _refusal(absent.rule)))
        return absent.rule == "file_is_small"
    except FeedRefused:
        reading.refused.append((one.name, _refusal("message_there")))
        return False
    except (FeedBroken, ConnectionError) as problem:  # also FeedBusy
        reading.problem = problem
        return False
    reading.messages.append((one.name, answer.content))
    return True


def _refusal(rule: str) -> Refused:
    reasons = {
        "link_stays": NOT_OUR_HOST,
        "file_is_small": f"more than {LARGEST_BYTES} bytes; ask its sender",
        "message_there": "the feed lists it and the server does not give it out; ask its sender",
    }
    return Refused(rule, reasons[rule])


def _listed(answer: requests.Response, source: Source) -> Iterator[Listed]:
    """The messages of a feed, the oldest first: feeds begin with the newest."""
    try:
        entries = parsed(answer.content)
    except NoFeed as reason:
        what = str(reason)
        raise broken(source, what) from None
    for entry in reversed(entries):
        if address := _link(entry):
            whole = urljoin(answer.url, address)
            stamp = f"{whole}|{entry.get('updated') or entry.get('published') or ''}"
            yield Listed(whole, hashlib.sha256(stamp.encode()).hexdigest()[:24])


def _link(entry: Entry) -> str | None:
    """Where an entry's message lies: the link of CAP's own type, else the first one."""
    links = [link for link in entry.get("links", []) if link.get("href")]
    typed = [link["href"] for link in links if link.get("type") == CAP_TYPE]
    return next(iter(typed + [link["href"] for link in links]), None)
