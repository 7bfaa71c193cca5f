"""What the web server of Airflow adds to each answer, and when it stops answering.

Plain ASGI without imports of ours: every task that loads the plugin loads this file too.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Callable, Callable], Awaitable[None]]

WINDOW_S = 60.0
FAILED_SIGN_INS = 10  # a minute and address
PAGES = 120  # of ours, a minute and address: each one asks the warehouse
SIGN_IN = "/auth/token"
OURS = "/precrisis"
REMEMBERED = 10_000  # addresses; the one seen longest ago goes first
# Airflow's pages style themselves in line; nothing comes from another host.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
STAY_WITH_TLS = {"strict-transport-security": "max-age=31536000"}


class Counter:
    """How often an address did something within the last WINDOW_S; bounded in memory."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def is_spent(self, address: str) -> bool:
        """True when the address has reached the limit."""
        times = self._seen.get(address, deque())
        while times and times[0] <= self._clock() - WINDOW_S:
            times.popleft()
        return len(times) >= self._limit

    def add(self, address: str) -> None:
        self._seen.setdefault(address, deque(maxlen=self._limit)).append(self._clock())
        self._seen.move_to_end(address)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


class Guard:
    """Security headers on every answer; 429 to guessed passwords and to floods of our pages."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._failures, self._pages = Counter(FAILED_SIGN_INS), Counter(PAGES)

    async def __call__(self, scope: Scope, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or ("unknown",))[0]
        path, is_sign_in = scope["path"], scope["path"].startswith(SIGN_IN)

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                if is_sign_in and message["status"] == 401:
                    self._failures.add(address)
                message["headers"] = _with_headers(message["headers"], scope["scheme"] == "https")
            await send(message)

        if is_sign_in and self._failures.is_spent(address):
            await _refuse(send_guarded)
            return
        if path.startswith(OURS):
            if self._pages.is_spent(address):
                await _refuse(send_guarded)
                return
            self._pages.add(address)
        await self._app(scope, receive, send_guarded)


def _with_headers(sent: Any, has_tls: bool) -> list[tuple[bytes, bytes]]:
    """What an app set for itself stays, such as the tighter policy of our own pages."""
    present = {name.lower() for name, _ in sent}
    wanted = HEADERS | (STAY_WITH_TLS if has_tls else {})
    missing = {name: value for name, value in wanted.items() if name.encode() not in present}
    return [*sent, *((name.encode(), value.encode()) for name, value in missing.items())]


async def _refuse(send: Callable) -> None:
    text = b"Too many tries from this address: wait a minute."
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": text})
