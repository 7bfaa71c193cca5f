"""A server of one RSS or Atom feed: validators, conditional requests, and what goes wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class News:
    """What is answered. `has_validators` as a static server has; `status` other than 200 fails."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    has_validators: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    @property
    def etag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:16]}"'


@contextmanager
def publishing() -> Iterator[tuple[str, News]]:
    """A feed on a free port: its address, and what it answers."""
    news = News()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            news.asked.append({name.lower(): value for name, value in self.headers.items()})
            is_known = news.has_validators and self.headers["If-None-Match"] == news.etag
            status = 304 if is_known and news.status == 200 else news.status
            news.answered.append(status)
            self.send_response(status)
            if news.has_validators:
                self.send_header("ETag", news.etag)
                self.send_header("Last-Modified", "Fri, 20 Nov 2026 10:00:00 GMT")
            for name, value in news.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(0 if status == 304 else len(news.body)))
            self.end_headers()
            try:
                self.wfile.write(b"" if status == 304 else news.body)
            except ConnectionError:
                return

        def log_message(self, *_) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/feed.xml", news
    server.shutdown()
    server.server_close()
