"""The guard of Airflow's web server: what it adds, what it counts, and that it forgets."""

import asyncio

import pytest

from precrisis.pages import guard
from precrisis.pages.guard import FAILED_SIGN_INS, HEADERS, PAGES, WINDOW_S, Counter, Guard


class Server:
    """An app behind the guard that answers with `status` and its own headers."""

    def __init__(self, status: int = 200, own: dict[str, str] | None = None) -> None:
        self.status, self.own, self.calls = status, own or {}, 0
        self.guard = Guard(self.app)

    async def app(self, scope, receive, send) -> None:
        self.calls += 1
        headers = [(name.encode(), value.encode()) for name, value in self.own.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"content"})

    def get(self, path: str, address: str = "10.0.0.1", scheme: str = "http"):
        sent = []

        async def send(message) -> None:
            sent.append(message)

        scope = {"type": "http", "path": path, "client": (address, 1), "scheme": scheme}
        asyncio.run(self.guard(scope, None, send))
        names = [name.decode() for name, _ in sent[0]["headers"]]
        assert len(names) == len(set(names))
        return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}


def test_an_answer_gets_every_header():
    status, headers = Server().get("/")
    assert (status, headers) == (200, HEADERS)


def test_a_header_of_the_app_stays():
    own = {"content-security-policy": "default-src 'none'"}
    assert Server(own=own).get("/")[1]["content-security-policy"] == "default-src 'none'"


def test_browsers_are_told_to_stay_with_tls_only_under_tls():
    name = "strict-transport-security"
    assert name in Server().get("/", scheme="https")[1]
    assert name not in Server().get("/", scheme="http")[1]


def test_guessing_stops_at_the_limit_and_right_passwords_do_not_count():
    good, wrong = Server(status=201), Server(status=401)
    assert {good.get("/auth/token")[0] for _ in range(FAILED_SIGN_INS * 3)} == {201}
    assert {wrong.get("/auth/token")[0] for _ in range(FAILED_SIGN_INS)} == {401}
    status, headers = wrong.get("/auth/token/cli")
    assert (status, headers["retry-after"]) == (429, "60")
    assert HEADERS.items() <= headers.items()
    assert wrong.calls == FAILED_SIGN_INS


def test_another_address_is_not_held_up():
    server = Server(status=401)
    for _ in range(FAILED_SIGN_INS + 1):
        server.get("/auth/token")
    assert server.get("/auth/token", address="10.0.0.2")[0] == 401


def test_our_pages_are_limited_and_airflow_s_own_are_not():
    server = Server()
    assert {server.get("/precrisis/data-docs")[0] for _ in range(PAGES)} == {200}
    assert server.get("/precrisis/data-docs")[0] == 429
    assert server.get("/api/v2/version")[0] == 200


@pytest.mark.parametrize(("later_s", "spent"), [(WINDOW_S - 1, True), (WINDOW_S, False)])
def test_the_window_moves_on(later_s, spent):
    now = [0.0]
    counter = Counter(2, clock=lambda: now[0])
    counter.add("a")
    counter.add("a")
    now[0] = later_s
    assert counter.is_spent("a") is spent


def test_memory_is_bounded_whatever_addresses_come(monkeypatch):
    monkeypatch.setattr(guard, "REMEMBERED", 100)
    counter = Counter(3)
    for number in range(1000):
        counter.add(f"10.0.{number}")
    assert len(counter._seen) == 100
    for _ in range(1000):
        counter.add("one")
    assert len(counter._seen["one"]) == 3
