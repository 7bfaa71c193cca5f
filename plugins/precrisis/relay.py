"""The mail relay: how mails leave, in clear on this machine only."""

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from precrisis.settings import settings

Security = Literal["none", "starttls", "tls"]
TIMEOUT_S = 30.0


class SendError(RuntimeError):
    """The relay did not take a mail; the message names relay and remedy, and no address."""


class ReceiverAway(SendError):
    """Whoever is to take it does not answer: the next message would fare no better."""


@dataclass(frozen=True)
class Relay:
    """An SMTP server. `security`: STARTTLS, TLS from the first byte, or none."""

    host: str
    port: int
    security: Security = "none"
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"relay {self.host}:{self.port}"


def relay() -> Relay:
    """The relay of the settings (PRECRISIS_SMTP_*)."""
    known = settings()
    return Relay(
        known.smtp_host,
        known.smtp_port,
        known.smtp_security,
        known.smtp_user,
        known.smtp_password.get_secret_value(),
    )


def send(message: EmailMessage, to: Relay) -> None:
    """Hand a mail to a relay.

    Raises:
        SendError: the relay is away, shows a certificate that is not trusted, would take the mail
            in clear over a network, or refuses it or one of its recipients.
    """
    try:
        with _opened(to) as connection:
            refused = connection.send_message(message)
    except ssl.SSLError as error:
        raise SendError(
            f"{to} does not speak TLS with a certificate that is trusted ({error.reason}); check "
            "PRECRISIS_SMTP_SECURITY, and that ca.pem of PRECRISIS_TLS_DIR holds its authority"
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise SendError(_refused(to, len(error.recipients))) from error
    except smtplib.SMTPResponseException as error:
        raise SendError(f"{to} refused the mail, code {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise ReceiverAway(
            f"{to} can't be used ({type(error).__name__}); check "
            "PRECRISIS_SMTP_HOST, PRECRISIS_SMTP_PORT and that it runs"
        ) from error
    if refused:
        raise SendError(_refused(to, len(refused)))


@contextmanager
def _opened(to: Relay) -> Iterator[smtplib.SMTP]:
    if to.security == "none" and not _is_loopback(to.host):
        raise SendError(f"{to} is on another machine: set PRECRISIS_SMTP_SECURITY=starttls or tls")
    trust = ssl.create_default_context()
    if to.security == "tls":
        connection = smtplib.SMTP_SSL(to.host, to.port, timeout=TIMEOUT_S, context=trust)
    else:
        connection = smtplib.SMTP(to.host, to.port, timeout=TIMEOUT_S)
    with connection:
        if to.security == "starttls":
            connection.starttls(context=trust)
        if to.user:
            connection.login(to.user, to.password)
        yield connection


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(to: Relay, count: int) -> str:
    return f"{to} refused {count} recipients; correct them in city.yaml"
