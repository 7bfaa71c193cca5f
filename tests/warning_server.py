"""A partner's server: a feed of CAP messages and the messages, and what goes wrong with either."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import quoteattr

FEED = "/cap/feed.atom"


@dataclass
class Answer:
    """What is answered at a path. `lacks_bytes`: the connection ends that many bytes too soon."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    lacks_bytes: int = 0

    @property
    def etag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:16]}"'


@dataclass
class Partner:
    """The server's answers by path, and what it was asked, in order, with the headers."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    host: str = ""

    @property
    def address(self) -> str:
        return f"http://{self.host}{FEED}"

    def offer(self, *hrefs: str, **messages: bytes) -> None:
        """List messages (name without ending: content) and further links, the newest first."""
        for name, content in messages.items():
            self.answers[f"/cap/{name}.cap.xml"] = Answer(content)
        listed = [*hrefs, *(f"{name}.cap.xml" for name in messages)]
        self.answers[FEED] = Answer(atom(*reversed(listed)))

    def paths(self) -> list[str]:
        """What was asked for since the last time."""
        found = [path.removeprefix("/cap/") for path, _ in self.asked]
        self.asked.clear()
        return found


def atom(*hrefs: str) -> bytes:
    """An Atom feed (RFC 4287) of CAP messages, as warning services publish it."""
    entries = "".join(
        f"<entry><id>urn:{n}</id><title>Avviso</title><updated>2026-11-21T20:00:00Z</updated>"
        f'<link rel="alternate" type="text/html" href="page-{n}.html"/>'
        f'<link rel="related" type="application/cap+xml" href={quoteattr(href)}/></entry>'
        for n, href in enumerate(hrefs)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<id>urn:feed</id><title>Avvisi</title><updated>2026-11-21T20:00:00Z</updated>"
        f"{entries}</feed>"
    ).encode()


@contextmanager
def warning() -> Iterator[Partner]:
    """A partner's server on a free port."""
    partner = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            partner.asked.append((self.path, headers))
            answer = partner.answers.get(self.path, Answer(status=404))
            is_known = answer.status == 200 and headers.get("if-none-match") == answer.etag
            self.send_response(304 if is_known else answer.status)
            body = b"" if is_known else answer.body
            self.send_header("ETag", answer.etag)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body[: len(body) - answer.lacks_bytes])
            except ConnectionError:
                return

        def log_message(self, *_) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    partner.host = f"127.0.0.1:{server.server_port}"
    yield partner
    server.shutdown()
    server.server_close()
