"""A Jetstream of the tests' own: real WebSocket, the same parameters, events in order."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

from precrisis import clock
from precrisis.posts.jetstream_events import in_microseconds

COLLECTION = "app.bsky.feed.post"


@dataclass
class Jetstream:
    """Messages by their time in microseconds, and what goes wrong.

    `breaks_off_after` messages the connection is cut without a goodbye; `forgets_before` is the
    oldest time the server remembers; `limits_size` is what a true server does when asked to. Where
    it `goes_on`, something happens after the backlog, else nothing does any more. Where it
    `stays_open`, what is told later is sent as it comes, as a true server does.
    """

    messages: list[tuple[int, bytes | str]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    breaks_off_after: int | None = None
    forgets_before: int = 0
    limits_size: bool = True
    goes_on: bool = False
    stays_open: bool = False
    refusal: tuple[int, dict[str, str]] | None = None

    def tell(self, time_us: int, **content) -> None:
        event = {"did": "did:plc:anna", "time_us": time_us, **content}
        self.messages.append((time_us, json.dumps(event)))

    def post(self, time_us: int, text: str, rkey: str = "1", operation="create", **more) -> None:
        """A post that is made or edited; `more` changes its record or `did`."""
        did = more.pop("did", "did:plc:anna")
        made_at = more.pop("createdAt")
        record = {"$type": COLLECTION, "createdAt": made_at, "langs": ["it"], "text": text, **more}
        commit = {"operation": operation, "collection": COLLECTION, "rkey": rkey, "cid": "c"}
        self.tell(time_us, did=did, kind="commit", commit=commit | {"record": record})

    def delete(self, time_us: int, rkey: str = "1") -> None:
        commit = {"operation": "delete", "collection": COLLECTION, "rkey": rkey}
        self.tell(time_us, kind="commit", commit=commit)

    def account(self, time_us: int, status: str, did: str = "did:plc:anna") -> None:
        account = {"active": False, "did": did, "seq": 1, "status": status}
        self.tell(time_us, did=did, kind="account", account=account)

    def handle(self, connection: ServerConnection) -> None:
        query = parse_qs(urlsplit(connection.request.path).query)
        asked = {name: values[0] for name, values in query.items()}
        self.asked.append(asked)
        since = max(int(asked.get("cursor", 0)), self.forgets_before)
        largest = int(asked.get("maxMessageSizeBytes", 0)) if self.limits_size else 0
        known = len(self.messages)
        due = [m for at, m in sorted(self.messages, key=lambda m: m[0]) if at >= since]
        try:
            for number, message in enumerate(m for m in due if not largest or len(m) <= largest):
                if number == self.breaks_off_after:
                    connection.socket.close()
                    return
                connection.send(message, text=True)
            if self.goes_on:
                event = {
                    "did": "did:plc:x",
                    "time_us": in_microseconds(clock.now()),
                    "kind": "identity",
                }
                connection.send(json.dumps(event), text=True)
            if self.stays_open:
                self._go_on(connection, known)
            connection.recv()
        except ConnectionClosed:
            return

    def _go_on(self, connection: ServerConnection, told: int) -> None:
        """Send what is told from now on, until the other side closes."""
        while True:
            with suppress(TimeoutError):
                connection.recv(timeout=0.02)
            for _, message in self.messages[told:]:
                connection.send(message, text=True)
                told += 1

    def refuse(self, connection: ServerConnection, request) -> Response | None:
        if self.refusal is None:
            return None
        status, headers = self.refusal
        return Response(status, "refused", Headers(headers), b"")


@contextmanager
def streaming() -> Iterator[tuple[str, Jetstream]]:
    """A Jetstream on a free port: its address, and what it tells."""
    stream = Jetstream()
    with serve(
        stream.handle, "127.0.0.1", 0, process_request=stream.refuse, max_size=None, close_timeout=1
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        yield f"ws://127.0.0.1:{port}/subscribe", stream
        server.shutdown()
