"""What alerts go out to in integration tests: a relay and a control room that answer as told."""

import socket

import pytest
import tenacity
from aiosmtpd.controller import Controller

from precrisis.alerts import webhook
from precrisis.settings import settings
from tests.context_broker import broking
from tests.webhook_receiver import SECRET, receiving


class Relay:
    """An SMTP server's inbox; `code` other than 250 makes it refuse, `stop` is an outage."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.code = 250
        with socket.socket() as free:  # the controller probes its port, so 0 won't do
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    async def handle_DATA(self, server, session, envelope):
        if self.code == 250:
            self.mails.append(envelope.content)
        return f"{self.code} answer"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


@pytest.fixture
def relay(monkeypatch):
    """The relay of the settings, as the test's own."""
    found = Relay()
    found.start()
    monkeypatch.setenv("PRECRISIS_SMTP_PORT", str(found.port))
    settings.cache_clear()
    yield found
    found.stop()


@pytest.fixture
def broker(town, monkeypatch):
    """A context broker that the town's pack names."""
    monkeypatch.setattr(webhook, "wait_random_exponential", lambda **_: tenacity.wait_none())
    with broking() as found:
        monkeypatch.setenv("CONTEXT_BROKER_URL", found.url)
        town.edit_pack(
            "city.yaml",
            "name: Rivermouth\n",
            "name: Rivermouth\n"
            "context_broker: {url: '${CONTEXT_BROKER_URL}', tenant: rivermouth}\n",
        )
        yield found


@pytest.fixture
def receiver(town, monkeypatch):
    """A control room that the town's pack names."""
    monkeypatch.setattr(webhook, "wait_random_exponential", lambda **_: tenacity.wait_none())
    with receiving() as found:
        monkeypatch.setenv("CONTROL_ROOM_URL", found.url)
        monkeypatch.setenv("CONTROL_ROOM_SECRET", SECRET)
        town.edit_pack(
            "city.yaml",
            "name: Rivermouth\n",
            "name: Rivermouth\nalert_webhooks:\n"
            "  - {name: control-room, url: '${CONTROL_ROOM_URL}', "
            "secret: '${CONTROL_ROOM_SECRET}'}\n",
        )
        yield found
