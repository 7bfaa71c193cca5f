"""An HTTP session that reads no more of an answer than memory and time are meant for."""

import datetime as dt
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from precrisis import clock

LARGEST_BYTES = 20_000_000  # a page of 40 posts has some 200,000
LONGEST_S = 60.0
MOST_REDIRECTS = 5
CHUNK_BYTES = 65_536
SECONDS = re.compile("[0-9]{1,9}")


class AnswerTooLarge(requests.ConnectionError):
    """An answer, unpacked, is larger than LARGEST_BYTES; the rest of it was not read."""


class AnswerTooSlow(requests.ConnectionError):
    """An answer came for longer than LONGEST_S; the rest of it was not waited for."""


class BoundedSession(requests.Session):
    """As requests.Session, but a packed answer is unpacked bit by bit, up to a limit.

    Sending raises AnswerTooLarge for a compressed bomb or a stream without an end, also where it
    comes with a redirect, and AnswerTooSlow for one that drips.
    """

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = MOST_REDIRECTS
        for scheme in ("http://", "https://"):
            self.mount(scheme, _BoundedAdapter())


class _BoundedAdapter(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        response = super().send(request, **named | {"stream": True})
        try:
            response._content = _bounded_body(response)  # where requests keeps what it has read
            response._content_consumed = True
        finally:
            response.close()
        return response


def _bounded_body(response: requests.Response) -> bytes:
    """`read1` gives what is there: a full chunk of a dripping answer may take for ever."""
    body, ends_at = bytearray(), time.monotonic() + LONGEST_S
    try:
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise AnswerTooLarge(f"more than {LARGEST_BYTES} bytes", request=response.request)
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
