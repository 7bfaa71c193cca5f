"""An HTTP session that reads no more of an answer than memory and time are meant for."""

import datetime as dt
import re
import time
from collections.abc import Collection
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from precrisis import clock

LARGEST_BYTES = 20_000_000  # a page of 40 posts has some 200,000
LONGEST_S = 60.0
MOST_REDIRECTS = 5
CHUNK_BYTES = 65_536
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SECONDS = re.compile("[0-9]{1,9}")


class AnswerTooLarge(requests.ConnectionError):
    """An answer, unpacked, is larger than LARGEST_BYTES; the rest of it was not read."""


class AnswerTooSlow(requests.ConnectionError):
    """An answer came for longer than LONGEST_S; the rest of it was not waited for."""


class LeavesHosts(requests.RequestException):
    """An address, or a redirect, leads to a host that is not among those to be asked."""


class BoundedSession(requests.Session):
    """As requests.Session, but a packed answer is unpacked bit by bit, up to a limit.

    Sending raises AnswerTooLarge for a compressed bomb or a stream without an end, also where it
    comes with a redirect, and AnswerTooSlow for one that drips.

    Args:
        largest_bytes: LARGEST_BYTES unless given.
        hosts: addresses (host, or host:port) that alone are asked, also after a redirect, and only
            by https or on this machine. None asks any, and raises no LeavesHosts.
    """

    def __init__(
        self, largest_bytes: int | None = None, hosts: Collection[str] | None = None
    ) -> None:
        super().__init__()
        self.max_redirects, self.hosts = MOST_REDIRECTS, hosts
        for scheme in ("http://", "https://"):
            self.mount(scheme, _BoundedAdapter(largest_bytes))

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        if self.hosts is not None and not is_of(request.url or "", self.hosts):
            raise LeavesHosts("leads to another host")
        return super().send(request, **named)


def is_of(address: str, hosts: Collection[str]) -> bool:
    """True when an address is one of these hosts', by https or on this machine."""
    parts = urlsplit(address)
    is_private = parts.scheme == "https" or parts.hostname in LOOPBACK
    return is_private and parts.netloc.rpartition("@")[2].lower() in hosts


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, largest_bytes: int | None) -> None:
        super().__init__()
        self.largest_bytes = largest_bytes

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        response = super().send(request, **named | {"stream": True})
        try:
            largest = LARGEST_BYTES if self.largest_bytes is None else self.largest_bytes
            response._content = _bounded_body(
                response, largest
            )  # where requests keeps what it has read
            response._content_consumed = True
        finally:
            response.close()
        return response


def _bounded_body(response: requests.Response, largest_bytes: int) -> bytes:
    """`read1` gives what is there: a full chunk of a dripping answer may take for ever."""
    body, ends_at = bytearray(), time.monotonic() + LONGEST_S
    try:
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > largest_bytes:
                raise AnswerTooLarge(f"more than {largest_bytes} bytes", request=response.request)
            if time.monotonic() > ends_at:
                raise AnswerTooSlow(f"more than {LONGEST_S:.0f} s", request=response.request)
    except (HTTPError, OSError) as error:
        if isinstance(error, requests.RequestException):
            raise
        raise requests.ConnectionError(type(error).__name__, request=response.request) from None
    return bytes(body)


def stated_wait_s(response: requests.Response) -> float | None:
    """How many seconds the server asks to wait (Retry-After: seconds, or a date); None if not."""
    stated = response.headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(stated):
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
    except (ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - clock.now()).total_seconds())
