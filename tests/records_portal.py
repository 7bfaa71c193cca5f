"""A city's open-data portal on a free port: pages of records, and what goes wrong with them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Portal:
    """`pages` by path and query as they are asked for; `first` is answered once before them."""

    pages: dict[str, Any] = field(default_factory=dict)
    first: list[tuple] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def publishing() -> Iterator[tuple[str, Portal]]:
    """A portal: its origin, and what it answers."""
    portal = Portal()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            portal.asked.append(self.path)
            portal.headers.append({name.lower(): value for name, value in self.headers.items()})
            if portal.first:
                self.answer(*portal.first.pop(0))
                return
            content = portal.pages.get(self.path)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            tag = f'"{sha256(body).hexdigest()[:16]}"'
            if content is None:
                self.answer(404, {})
            elif self.headers["If-None-Match"] == tag:
                self.answer(304, {"ETag": tag})
            else:
                self.answer(200, {"ETag": tag, "Content-Type": "application/geo+json"}, body)

        def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", portal
    server.shutdown()
    server.server_close()


def query_of(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def feature(n: int, **changes: Any) -> dict[str, Any]:
    """An incident as an OGC API gives it, in the portal's own words."""
    properties = {
        "tipo": "theft", "inizio": "2026-11-20T18:00:00+01:00", "fine": "2026-11-20T19:00:00+01:00",
    }  # fmt: skip
    return {
        "type": "Feature",
        "id": f"ev-{n}",
        "geometry": {"type": "Point", "coordinates": [11.1215, 46.0673]},
        "properties": properties | changes,
    }


def collection(*features: dict, following: str | None = None) -> dict[str, Any]:
    links = [{"rel": "self", "href": "/items"}]
    links += [{"rel": "next", "type": "application/geo+json", "href": following}] * bool(following)
    return {"type": "FeatureCollection", "features": list(features), "links": links}
