"""Ask a server for a feed, or for what it lists: only when it changed, its wish to wait obeyed."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from precrisis.pack.sources import Source
from precrisis.posts.bounded_session import (
    AnswerTooLarge,
    BoundedSession,
    LeavesHosts,
    stated_wait_s,
)
from precrisis.posts.connector import FeedBroken, FeedBusy, FeedRefused

TIMEOUT_S = 30.0
UNSTATED_WAIT_S = 600.0
LONGEST_VALIDATOR = 500
# What a server says of its answer, and how it is asked whether that still holds.
VALIDATORS = {"etag": ("ETag", "If-None-Match"), "modified": ("Last-Modified", "If-Modified-Since")}


class NotThere(FeedBroken):
    """Asking again brings nothing: it is gone, too large, or on another host. `rule` says which."""

    def __init__(self, message: str, rule: str) -> None:
        self.rule = rule
        super().__init__(message)


def ask(
    source: Source, address: str, known: Mapping[str, str], session: BoundedSession
) -> requests.Response:
    """Return the answer at an address of a source: 200, or 304 where `known` still holds.

    Args:
        known: what `validators_of` an earlier answer were.

    Raises:
        FeedRefused, FeedBusy, FeedBroken: the server says so, or can't be reached.
        NotThere: asking again brings nothing.
    """
    headers = {VALIDATORS[name][1]: value for name, value in known.items()}
    headers |= _authorisation(source, address)
    what, rule, answer = "can't be reached, or answers without an end", "", None
    try:
        answer = session.get(address, headers=headers, timeout=TIMEOUT_S)
    except LeavesHosts:
        what, rule = "leads to a host that the pack does not name", "link_stays"
    except AnswerTooLarge:
        rule = "file_is_small"
    except (requests.RequestException, UnicodeError):
        pass  # its message may quote the address, and so a login
    if answer is None:
        raise _not_there(source, what, rule) if rule else broken(source, what)
    return _checked(source, answer)


def validators_of(answer: requests.Response) -> dict[str, str]:
    """Return what is to be known of an answer when it is asked for again."""
    stated = {name: answer.headers.get(header) for name, (header, _) in VALIDATORS.items()}
    return {n: v for n, v in stated.items() if v and len(v) <= LONGEST_VALIDATOR and v.isascii()}


def broken(source: Source, what: str) -> FeedBroken:
    """Return the error of a feed, with its remedy."""
    return FeedBroken(_sentence(source, what))


def _checked(source: Source, answer: requests.Response) -> requests.Response:
    status = answer.status_code
    if status in (401, 403):
        raise FeedRefused(_refused(source, status))
    if status in (429, 503):
        stated_s = stated_wait_s(answer)
        raise FeedBusy(source.source_id, UNSTATED_WAIT_S if stated_s is None else stated_s)
    if status in (404, 410):
        raise _not_there(source, f"answered {status}", "message_there")
    if status not in (200, 304):
        raise broken(source, f"answered {status}")
    return answer


def _authorisation(source: Source, address: str) -> dict[str, str]:
    """The token, for the source's own host only."""
    variable = source.token_variable
    if variable is None or urlsplit(address).netloc != urlsplit(source.address).netloc:
        return {}
    if not os.environ.get(variable):
        raise FeedRefused(f"feed {source.source_id} has no token; set {variable}")
    return {"Authorization": f"Bearer {os.environ[variable]}"}


def _refused(source: Source, status: int) -> str:
    variable = source.token_variable or "a token_variable of the feed"
    return f"feed {source.source_id} refused ({status}); renew {variable}"


def _not_there(source: Source, what: str, rule: str) -> NotThere:
    return NotThere(_sentence(source, what), rule)


def _sentence(source: Source, what: str) -> str:
    return f"feed {source.source_id} {what}; look at its address in sources.yaml, then run again"
