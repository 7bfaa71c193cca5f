"""An alert as a signed HTTP message, for systems of the city's own control rooms.

Signed as the Standard Webhooks specification says (standardwebhooks.com): headers webhook-id,
webhook-timestamp and webhook-signature, the last an HMAC-SHA256 of "id.timestamp.body". The id is
the name of the alert's version, the same at each try, so that a receiver knows a second copy.
Partners get nothing this way: what leaves to them does so after a person's decision.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from precrisis.alerts.versions import Version, Why
from precrisis.city import City
from precrisis.clock import now
from precrisis.pack.recipients import Webhook
from precrisis.relay import ReceiverAway, SendError

TIMEOUT_S = 10.0
ATTEMPTS = 4  # in one run of the task, over some seconds; later runs try again
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


TYPES: Mapping[Why, str] = {
    "raised": "alert.raised",
    "grew": "alert.updated",
    "ended": "alert.ended",
    "withdrawn": "alert.withdrawn",
    "restored": "alert.restored",
}


def alert_body(version: Version, city: City, links: Mapping[str, str], status: str) -> bytes:
    """Return the message: the alert with its reasons, certainty and what is not known, as JSON."""
    candidate = version.candidate
    zone = city.zone(candidate.zone_id)
    data: dict[str, Any] = {
        "alert_id": candidate.alert_id,
        "version": version.number,
        "status": status,
        "city_id": city.city_id,
        "zone_id": zone.zone_id,
        "zone_name": zone.name,
        "starts_at": _utc(candidate.starts_at),
        "ends_at": _utc(candidate.ends_at),
        "risk_index": round(candidate.risk_index, 1),
        "certainty": round(candidate.certainty, 2),
        "severity": candidate.severity,
        "rule": {"name": candidate.rule, "version": candidate.rule_version},
        "reasons": candidate.reasons,
        "unknowns": candidate.unknowns,
        "links": dict(links),
    }
    message = {"type": TYPES[version.why], "timestamp": _utc(version.made_at), "data": data}
    return json.dumps(message, ensure_ascii=False, sort_keys=True).encode()


def send_webhook(webhook: Webhook, message_id: str, body: bytes) -> None:
    """Post a message until it is taken; redirects are not followed.

    Raises:
        SendError: the receiver was away or busy at every try, or refuses the message. It names the
            receiver, and no address.
    """
    patiently(_post, webhook, message_id, body)


def patiently(post: Callable[..., None], *what: Any) -> None:
    """Call `post` until it does not raise ReceiverAway, some times over some seconds."""
    patient = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=8),
        retry=retry_if_exception_type(ReceiverAway),
        reraise=True,
    )
    patient(post, *what)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of webhook-signature. `secret` may be base64 after "whsec_", or plain."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _post(webhook: Webhook, message_id: str, body: bytes) -> None:
    timestamp = int(now().timestamp())
    secret = webhook.secret.get_secret_value()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    try:
        with requests.post(
            webhook.url.get_secret_value(),
            data=body,
            headers=headers,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,  # of the answer only its status is read
        ) as answer:
            code = answer.status_code
    except requests.RequestException as error:
        raise ReceiverAway(
            f"webhook {webhook.name} can't be reached ({type(error).__name__}); check its address "
            "in city.yaml and that it runs"
        ) from error
    if code in PASSING:
        raise ReceiverAway(f"webhook {webhook.name} is busy, code {code}")
    if not 200 <= code < 300:
        raise SendError(f"webhook {webhook.name} refused the alert, code {code}")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
