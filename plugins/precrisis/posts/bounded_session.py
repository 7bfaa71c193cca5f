"""An HTTP session that reads no more of an answer than memory is meant for."""

from typing import Any

import requests

LARGEST_BYTES = 20_000_000  # a page of 40 posts has some 200,000
CHUNK_BYTES = 65_536


class AnswerTooLarge(requests.ConnectionError):
    """An answer, unpacked, is larger than LARGEST_BYTES; the rest of it was not read."""


class BoundedSession(requests.Session):
    """As requests.Session, but a packed answer is unpacked bit by bit, up to a limit."""

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """Send a request and read its answer.

        Raises:
            AnswerTooLarge: a compressed bomb, or a stream without an end.
        """
        response = super().send(request, **named | {"stream": True})
        body = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > LARGEST_BYTES:
                response.close()
                raise AnswerTooLarge(f"more than {LARGEST_BYTES} bytes", request=request)
        response._content = bytes(body)  # where requests keeps what it has read
        return response
