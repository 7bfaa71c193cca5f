"""Who and what is told: readers of reports, the city's own systems, a broker that others read."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from precrisis.alerts.cap_profiles import PROFILES
from precrisis.pack.part import Part


class Recipient(Part):
    """Who gets the weekly report, of which districts, with the sheets of which sites or events."""

    address: str
    districts: list[str] | Literal["all"] = "all"
    sheets: list[str] = Field(default=[])


def _private(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("what is on another machine must have an https address")
    return url


PrivateUrl = Annotated[SecretStr, AfterValidator(_private)]


class Webhook(Part):
    """A system of the city's own that is told of alerts (precrisis/alerts/webhook.py).

    Let address and secret be ${VARIABLES} of the environment: a city pack is no place for secrets.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: PrivateUrl
    secret: SecretStr = Field(min_length=24)


class ContextBroker(Part):
    """An NGSI-LD context broker, which others may read (precrisis/alerts/broker.py).

    context_url: where the terms of our entities are published, for brokers that fetch; without it
    they go along in each message.
    """

    url: PrivateUrl
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,50}$")
    token: SecretStr | None = None
    context_url: str | None = Field(default=None, pattern=r"^https://[^<>\s]+$")


def _known_profile(name: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"cap profile '{name}' is unknown; there are {', '.join(PROFILES)}")
    return name


ProfileName = Annotated[str, AfterValidator(_known_profile)]
