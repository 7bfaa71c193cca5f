"""The channels of a city's alerts, and one version of an alert as each of them takes it."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from typing import Literal

from psycopg import Connection

from precrisis import store
from precrisis.alerts.cap import cap_message
from precrisis.alerts.cap_signing import certificate_of, signed
from precrisis.alerts.deliver import (
    deliver_cap,
    deliver_entity,
    deliver_mail,
    deliver_webhook,
    webhook_channel,
)
from precrisis.alerts.due import Channel
from precrisis.alerts.feed import CERTIFICATE_KEY, CERTIFICATE_TYPE, alert_feed, shown_versions
from precrisis.alerts.feed import KEY as feed_key
from precrisis.alerts.feed import TYPE as feed_type
from precrisis.alerts.mail import alert_mail
from precrisis.alerts.ngsi_ld import alert_entity
from precrisis.alerts.quiet_hours import groups
from precrisis.alerts.versions import Version
from precrisis.alerts.webhook import alert_body
from precrisis.city import city
from precrisis.relay import relay
from precrisis.settings import settings
from precrisis.warehouse import connect

KEPT = dt.timedelta(days=365)  # alerts and their CAP files hold no personal data


def channels() -> list[Channel]:
    """Return every channel that the city pack names."""
    broker = ["ngsi-ld"] if city().context_broker else []
    return ["cap", *mail_channels("mail"), *broker, *map(webhook_channel, city().alert_webhooks)]


def people_channels() -> list[Channel]:
    """Return those channels on which people are asked to look."""
    return [*mail_channels("mail"), *map(webhook_channel, city().alert_webhooks)]


def mail_channels(kind: Literal["mail", "escalation"]) -> dict[Channel, list[str]]:
    """Return whom mails of a kind go to, by channel: one for each quiet hours they keep."""
    the_city = city()
    told = the_city.alert_recipients if kind == "mail" else the_city.escalation_recipients
    parted = groups(told, the_city.thresholds.quiet_hours)
    return {f"{kind}:{name}" if name else kind: parted[name] for name in sorted(parted)}


@dataclass(frozen=True)
class Message:
    """One version of an alert, written for a channel when that is asked for.

    is_asked_again: a person dismissed the alert before this version, and is asked about it anew.
    held_on: channels where it waited for the end of quiet hours.
    """

    version: Version
    is_asked_again: bool = False
    held_on: Collection[Channel] = ()

    def send(self, channel: Channel, connection: Connection) -> Literal["sent", "unchanged"]:
        """Send it on a channel, once; see `deliver`.

        Raises:
            DeliveryError: the channel failed.
        """
        version, key = self.version, self.version.key
        if channel == "cap":
            return deliver_cap(key, version.candidate.starts_at, self._cap, _put, connection)
        if channel.partition(":")[0] == "mail":
            message = self.mail(mail_channels("mail")[channel], channel in self.held_on)
            return deliver_mail(key, message, relay(), connection, channel)
        if channel == "ngsi-ld":
            entity = alert_entity(version, city(), settings().alert_status)
            return deliver_entity(key, city().context_broker, entity, connection)
        (hook,) = (h for h in city().alert_webhooks if webhook_channel(h) == channel)
        body = alert_body(version, city(), self._links, settings().alert_status)
        return deliver_webhook(key, hook, body, connection)

    def mail(self, to: Sequence[str], is_held: bool = False) -> EmailMessage:
        """The mail to some of those who are told."""
        return alert_mail(
            self.version, city(), self._picture(), self._cap, self._links,
            to=to, sender=settings().mail_sender, status=settings().alert_status, is_held=is_held,
        )  # fmt: skip

    @cached_property
    def _cap(self) -> bytes:
        zone = city().zone(self.version.candidate.zone_id)
        message = cap_message(self.version, city(), zone.geometry, settings().alert_status)
        return signed(message, settings().keys_dir)

    @property
    def _links(self) -> dict[str, str]:
        key = self.version.key
        asked = key.name if self.is_asked_again else key.alert_id
        run = f"{settings().airflow_url}/dags/alerts_review/runs/{asked}"
        review = f"{run}/tasks/decide/required_actions"
        dashboard = f"{settings().superset_url}/superset/dashboard/city-safety/"
        return {"review": review, "dashboard": dashboard}

    def _picture(self) -> bytes:
        from precrisis.map_picture import zone_map

        candidate = self.version.candidate
        risk = {candidate.zone_id: candidate.risk_index}
        return zone_map(city(), candidate.zone_id, 1280, 760, risk=risk, pixel_ratio=2)


def publish_feed(connection: Connection) -> bool:
    """Write the feed of what is published as CAP, if it says something else now; one at a time.

    Beside it lies the certificate by which the messages are checked.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('alert_feed'))")
        versions = shown_versions(connection)
        if not versions:
            return False
        feed = alert_feed(versions, city(), settings().alert_status)
        is_new = _renew(CERTIFICATE_KEY, certificate_of(settings().keys_dir), CERTIFICATE_TYPE)
        return _renew(feed_key, feed, feed_type) or is_new


def _renew(key: str, content: bytes, content_type: str) -> bool:
    """Write what is published under a key, if it is something else now."""
    try:
        if store.get("publish", "published", key) == content:
            return False
    except FileNotFoundError:
        pass
    _put("published", key, content, content_type)
    return True


def _put(bucket: str, key: str, content: bytes, content_type: str) -> None:
    with connect("analysis") as connection:
        store.put(
            connection, "publish", bucket, key, content,
            noun="alert", retention=KEPT, content_type=content_type,
        )  # fmt: skip
