"""A receiver of webhooks, as a control room has one: checks the signature, answers as told."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "whsec_" + base64.b64encode(b"a secret that only both sides know").decode()


class Receiver(ThreadingHTTPServer):
    """`answers`: codes of the next answers, 204 when used up. `taken`: id and body of each 2xx."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.asked = 0
        self.taken: list[tuple[str, bytes]] = []
        self.forged = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alerts"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        code = self.server.answers.pop(0) if self.server.answers else 204
        if not self._is_signed(body):
            self.server.forged += 1
            code = 401
        if code < 300:
            self.server.taken.append((self.headers["webhook-id"], body))
        self.send_response(code)
        if code in (301, 307):
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def _is_signed(self, body: bytes) -> bool:
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        told = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
        return self.headers["webhook-signature"] == f"v1,{expected}"

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
