"""Bring an entity to an NGSI-LD context broker (ETSI GS CIM 009), create or update.

The same entity twice leaves the broker as once, so a repeat after a crash does no harm.
"""

import json
from urllib.parse import quote

import requests

from precrisis.alerts.ngsi_ld import CORE_CONTEXT, Entity, terms
from precrisis.alerts.webhook import PASSING, TIMEOUT_S, patiently
from precrisis.pack.recipients import ContextBroker
from precrisis.relay import ReceiverAway, SendError

ENTITIES = "/ngsi-ld/v1/entities"
LINK = '<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


def bring(broker: ContextBroker, entity: Entity) -> None:
    """Create an entity, or give the one that is there these values.

    Raises:
        SendError: the broker was away or busy at every try, refuses the entity, or leaves some of
            its attributes out. It names no address, and nothing of what the broker answered.
    """
    patiently(_bring, broker, entity)


def _bring(broker: ContextBroker, entity: Entity) -> None:
    created = _post(broker, ENTITIES, entity)
    if created.status_code != 409:
        return _judge(created, (201, 204))
    attributes = {name: value for name, value in entity.items() if name not in ("id", "type")}
    address = f"{ENTITIES}/{quote(entity['id'], safe='')}/attrs"
    # Append, which replaces what is there: an update would leave out what the entity had not yet.
    updated = _post(broker, address, attributes)
    if updated.status_code == 404:
        raise ReceiverAway("the context broker lost the entity between two requests")
    return _judge(updated, (204,))


def _post(broker: ContextBroker, path: str, content: Entity) -> requests.Response:
    headers = {}
    if broker.context_url:
        headers["Content-Type"] = "application/json"
        headers["Link"] = LINK.format(url=broker.context_url)
    else:
        headers["Content-Type"] = "application/ld+json"
        content = content | {"@context": [terms(), CORE_CONTEXT]}
    if broker.tenant:
        headers["NGSILD-Tenant"] = broker.tenant
    if broker.token:
        headers["Authorization"] = f"Bearer {broker.token.get_secret_value()}"
    address = broker.url.get_secret_value().rstrip("/") + path
    body = json.dumps(content, ensure_ascii=False).encode()
    try:
        return requests.post(
            address, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise ReceiverAway(
            f"the context broker can't be reached ({type(error).__name__}); check its address in "
            "city.yaml and that it runs"
        ) from error


def _judge(answer: requests.Response, well: tuple[int, ...]) -> None:
    code = answer.status_code
    if code in well:
        return
    if code in PASSING:
        raise ReceiverAway(f"the context broker is busy, code {code}")
    if code == 207:
        raise SendError("the context broker left out some attributes, code 207")
    raise SendError(f"the context broker refused the entity, code {code}")
