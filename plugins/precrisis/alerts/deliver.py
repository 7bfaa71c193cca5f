"""Deliver a version of an alert once per channel, as far as the channel allows.

Order: claim (a committed row that says the outcome is unknown), send, mark as sent. The row is
locked while sending, so two workers never send at once and the second sees the first one's result.

What a crash between send and mark means:

- *cap*: the object key follows from the alert, so a second put writes the same object. Once.
- *ngsi-ld*: the entity's id follows from the alert, so a second one leaves the same entity. Once.
- *mail*, *webhook*: the row still says failed, so the next run sends again; the first may have been
  taken. Neither SMTP nor HTTP has a transaction, at least once is the best they give. We prefer an
  alert twice to an alert never. Message-ID and webhook-id follow from alert_id and version, so a
  receiver that knows it drops the second copy and a reader can tell that both are one.

One channel that fails holds up no other: its row stays failed, with the reason, and is tried again
by later runs for a week.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Literal

from psycopg import Connection, errors
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from precrisis.alerts.broker import bring
from precrisis.alerts.due import Channel
from precrisis.alerts.ngsi_ld import Entity
from precrisis.alerts.versions import VersionKey
from precrisis.alerts.webhook import send_webhook
from precrisis.pack.recipients import ContextBroker, Webhook
from precrisis.relay import ReceiverAway, Relay, SendError, send

Put = Callable[[str, str, bytes, str], object]
BEGUN = "sending was begun; its outcome is unknown until the row says sent"

_CLAIM = """
INSERT INTO ops.alert_delivery (alert_id, version, channel, status, reference, detail)
VALUES (%s, %s, %s, 'failed', %s, %s) ON CONFLICT (alert_id, version, channel) DO UPDATE
SET status = 'failed', detail = EXCLUDED.detail, waits_until = NULL
WHERE ops.alert_delivery.status = 'waiting'
"""
_LOCK = """
SELECT status FROM ops.alert_delivery
WHERE alert_id = %s AND version = %s AND channel = %s FOR UPDATE
"""
_MARK = """
UPDATE ops.alert_delivery
SET status = %s, reference = %s, detail = %s, sent_at = clock_timestamp()
WHERE alert_id = %s AND version = %s AND channel = %s
"""


class DeliveryError(RuntimeError):
    """A channel refused an alert; the message names both and what to do.

    is_away: the channel is down, so it would take no other alert either.
    """

    is_away = False


def deliver(
    version: VersionKey,
    channel: Channel,
    send_it: Callable[[], object],
    reference: str,
    connection: Connection,
) -> Literal["sent", "unchanged"]:
    """Call `send_it` unless the version already went out on this channel; commits on `connection`.

    reference names what was sent: a Message-ID or an object key. Safe to call again after any
    failure.

    Raises:
        DeliveryError: `send_it` failed (the row keeps why), no such version is stored, or the
            connection is inside a transaction, where a claim would not outlive a crash.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise DeliveryError("deliver needs a connection outside a transaction; commit before it")
    _claim(connection, version, channel, reference)
    with connection.transaction():
        cursor = connection.cursor(row_factory=tuple_row)
        (status,) = cursor.execute(_LOCK, (*version, channel)).fetchone()
        if status == "sent":
            return "unchanged"
        failure = _try(send_it)
        outcome = ("sent", reference, "") if failure is None else ("failed", reference, failure[1])
        connection.execute(_MARK, (*outcome, *version, channel))
    if failure is not None:
        error = DeliveryError(
            f"alert {version.name} was not delivered by {channel} ({failure[1]}); "
            "correct the cause and run the task again"
        )
        error.is_away = isinstance(failure[0], ReceiverAway)
        raise error from failure[0]
    return "sent"


def cap_key(version: VersionKey, starts_at: datetime) -> str:
    """Return the object key of a version's CAP document, by the UTC date the alert starts."""
    return f"alerts/{starts_at.astimezone(UTC).date().isoformat()}/{version.name}.cap.xml"


def deliver_cap(
    version: VersionKey, starts_at: datetime, cap_xml: bytes, put: Put, connection: Connection
) -> Literal["sent", "unchanged"]:
    """Put the CAP document into the bucket `published`; see `deliver`."""
    key = cap_key(version, starts_at)
    write = partial(put, "published", key, cap_xml, "application/cap+xml")
    return deliver(version, "cap", write, f"published:{key}", connection)


def deliver_mail(
    version: VersionKey,
    message: EmailMessage,
    to: Relay,
    connection: Connection,
    channel: Channel = "mail",
) -> Literal["sent", "unchanged"]:
    """Send the mail of an alert through the relay; see `deliver`."""
    return deliver(version, channel, partial(send, message, to), message["Message-ID"], connection)


def deliver_webhook(
    version: VersionKey, webhook: Webhook, body: bytes, connection: Connection
) -> Literal["sent", "unchanged"]:
    """Post an alert to a system of the city's own; see `deliver` and `send_webhook`."""
    post = partial(send_webhook, webhook, version.name, body)
    return deliver(version, webhook_channel(webhook), post, version.name, connection)


def deliver_entity(
    version: VersionKey, broker: ContextBroker, entity: Entity, connection: Connection
) -> Literal["sent", "unchanged"]:
    """Bring an alert to the context broker; see `deliver` and `bring`."""
    return deliver(version, "ngsi-ld", partial(bring, broker, entity), entity["id"], connection)


def webhook_channel(webhook: Webhook) -> Channel:
    """Return what ops.alert_delivery calls the channel of a webhook."""
    return f"webhook:{webhook.name}"


def _claim(connection: Connection, version: VersionKey, channel: str, reference: str) -> None:
    try:
        with connection.transaction():
            connection.execute(_CLAIM, (*version, channel, reference, BEGUN))
    except errors.ForeignKeyViolation as error:
        raise DeliveryError(
            f"alert {version.name} is not in ops.alert_version; store it before it is delivered"
        ) from error


def _try(send_it: Callable[[], object]) -> tuple[Exception, str] | None:
    """Call `send_it`; return the error and what may be written of it.

    Only our own SendError is free of addresses for certain; of others the kind alone is kept.
    """
    try:
        send_it()
    except SendError as error:
        return error, str(error)
    except Exception as error:
        return error, type(error).__name__
    return None
