"""An NGSI-LD context broker that answers as ETSI GS CIM 009 says: create, append, and what fails.

It stands in for a real broker, of which none can be installed without containers.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

ENTITIES = "/ngsi-ld/v1/entities"
KINDS = {"Property": "value", "GeoProperty": "value", "Relationship": "object"}


class Broker(ThreadingHTTPServer):
    """`entities` by tenant and id; `answers`: codes to give first; `refused`: what is left out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.entities: dict[tuple[str, str], dict] = {}
        self.tenants = {"", "rivermouth"}
        self.answers: list[int] = []
        self.refused: set[str] = set()
        self.asked: list[tuple[str, int]] = []
        self.contexts: list[object] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Broker

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code, answer = self._answer(body)
        self.server.asked.append((unquote(self.path), code))
        content = json.dumps(answer).encode() if answer else b""
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        if code == 201:
            self.send_header("Location", f"{ENTITIES}/{json.loads(body)['id']}")
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, body: bytes) -> tuple[int, dict | None]:
        if self.server.answers:
            return self.server.answers.pop(0), None
        if self.headers.get("NGSILD-Tenant", "") not in self.server.tenants:
            return _problem(404, "NonexistentTenant")
        content = json.loads(body)
        if not self._has_context(content):
            return _problem(400, "BadRequestData")
        if not all(_is_attribute(value) for _, value in _attributes(content)):
            return _problem(400, "BadRequestData")
        if self.path == ENTITIES:
            return self._create(content)
        return self._append(content)

    def _has_context(self, content: dict) -> bool:
        """In the body of application/ld+json, in the Link header of application/json: not both."""
        link = self.headers.get("Link")
        self.server.contexts.append(content.get("@context", link))
        if self.headers["Content-Type"] == "application/ld+json":
            return "@context" in content and link is None
        is_link = bool(link) and 'rel="http://www.w3.org/ns/json-ld#context"' in link
        return (
            self.headers["Content-Type"] == "application/json"
            and "@context" not in content
            and is_link
        )

    def _create(self, content: dict) -> tuple[int, dict | None]:
        if not str(content.get("id", "")).startswith("urn:") or not content.get("type"):
            return _problem(400, "BadRequestData")
        key = self._key(content["id"])
        if key in self.server.entities:
            return _problem(409, "AlreadyExists")
        self.server.entities[key] = content
        return 201, None

    def _append(self, content: dict) -> tuple[int, dict | None]:
        entity_id = unquote(self.path.removeprefix(f"{ENTITIES}/").removesuffix("/attrs"))
        entity = self.server.entities.get(self._key(entity_id))
        if entity is None:
            return _problem(404, "ResourceNotFound")
        given = dict(_attributes(content))
        out = self.server.refused & set(given)
        entity |= {name: value for name, value in given.items() if name not in out}
        if out:
            reasons = [{"attributeName": name, "reason": "read only"} for name in sorted(out)]
            return 207, {"updated": sorted(set(given) - out), "notUpdated": reasons}
        return 204, None

    def _key(self, entity_id: str) -> tuple[str, str]:
        return self.headers.get("NGSILD-Tenant", ""), entity_id

    def log_message(self, *_: object) -> None:
        pass


def _attributes(content: dict) -> list[tuple[str, dict]]:
    return [pair for pair in content.items() if pair[0] not in ("id", "type", "@context")]


def _is_attribute(value: object) -> bool:
    return isinstance(value, dict) and KINDS.get(value.get("type")) in value


def _problem(code: int, name: str) -> tuple[int, dict]:
    """Problem details (RFC 7807), as the specification wants them."""
    return code, {"type": f"https://uri.etsi.org/ngsi-ld/errors/{name}", "title": name}


@contextmanager
def broking() -> Iterator[Broker]:
    """A broker that listens until the block ends."""
    broker = Broker()
    threading.Thread(target=broker.serve_forever, daemon=True).start()
    try:
        yield broker
    finally:
        broker.shutdown()
        broker.server_close()
