"""Alerts and crowds as entities of the Smart Data Models, and how they reach a context broker."""

import datetime as dt
import json
from dataclasses import replace

import pytest
import tenacity
from pydantic import ValidationError

from precrisis.alerts import webhook
from precrisis.alerts.broker import bring
from precrisis.alerts.candidates import candidates
from precrisis.alerts.ngsi_ld import CONTEXT, alert_entity, crowd_entity, terms
from precrisis.alerts.versions import Version, VersionKey
from precrisis.alerts.webhook import ATTEMPTS
from precrisis.pack.recipients import ContextBroker
from precrisis.relay import ReceiverAway, SendError
from tests.context_broker import broking
from tests.unit.alerts_town import NIGHT, rule, town, zone_hour

MODELS = json.loads((CONTEXT.parent / "models.json").read_text())
# Terms of the core context of NGSI-LD, which every broker has built in.
CORE = {"id", "type", "value", "object", "Property", "GeoProperty", "Relationship", "location"}
(ALERT,) = candidates([zone_hour()], [rule()]).raised
EARLIER = [(VersionKey(ALERT.alert_id, 1), NIGHT)]


def alert(why="raised", status="Exercise", **changes) -> dict:
    number, earlier = (1, []) if why == "raised" else (2, EARLIER)
    made_at = NIGHT + dt.timedelta(minutes=30)
    return alert_entity(
        Version(replace(ALERT, **changes), number, why, made_at, earlier), town(), status
    )


def crowd(people=48.2) -> dict:
    return crowd_entity(town().zones[0], town(), NIGHT, people)


def value(entity: dict, name: str):
    found = entity[name]["value"]
    return found["@value"] if isinstance(found, dict) and "@value" in found else found


@pytest.mark.parametrize("entity", [alert(), alert("grew"), alert("withdrawn"), crowd()])
def test_an_entity_has_only_what_its_model_defines(entity):
    model = MODELS[entity["type"]]
    assert set(entity) <= set(model["attributes"])
    assert set(model["required"]) <= set(entity)
    for name, allowed in model["values"].items():
        assert name not in entity or value(entity, name) in allowed


@pytest.mark.parametrize("entity", [alert(), crowd()])
def test_every_term_stands_for_an_iri(entity):
    """A term without one is dropped when a reader expands the entity."""
    assert set(entity) | {entity["type"]} <= CORE | set(terms())
    assert {
        attribute["type"] for attribute in entity.values() if isinstance(attribute, dict)
    } <= CORE
    assert all(iri.startswith(("https://", "http://")) for iri in terms().values())
    assert not set(terms()) & CORE


def test_an_alert_says_what_the_mail_says():
    entity = alert()
    assert entity["id"] == f"urn:ngsi-ld:Alert:precrisis:trento:{ALERT.alert_id}"
    assert value(entity, "severity") == "high"
    assert value(entity, "subCategory") == "crowdRisk"
    assert value(entity, "dateIssued") == "2026-11-21T20:30:00Z"
    assert value(entity, "validFrom") == "2026-11-21T20:00:00Z"
    assert value(entity, "description").startswith("[ESERCITAZIONE] sabato 21 novembre 2026")
    assert value(entity, "data")["status"] == "Exercise"
    assert value(entity, "location")["type"] == "Polygon"
    assert value(entity, "location")["coordinates"][0][0] == pytest.approx(
        (11.122, 46.067), abs=0.01
    )
    assert "[" not in value(alert(status="Actual"), "description")


def test_a_later_version_is_the_same_entity_with_other_values():
    over, gone = alert("ended"), alert("withdrawn")
    assert over["id"] == gone["id"] == alert()["id"]
    assert value(over, "dateIssued") == "2026-11-21T20:00:00Z"
    assert value(over, "validTo") == "2026-11-21T21:00:00Z"
    assert (value(gone, "severity"), value(gone, "validTo")) == (
        "informational", "2026-11-21T20:30:00Z",
    )  # fmt: skip


def test_a_crowd_is_a_whole_number_over_an_interval():
    assert value(crowd(), "peopleCount") == 48
    assert value(crowd(), "dateObserved") == "2026-11-21T20:00:00Z/2026-11-21T21:00:00Z"


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setattr(webhook, "wait_random_exponential", lambda **_: tenacity.wait_none())
    with broking() as found:
        yield found


def at(broker, **known) -> ContextBroker:
    return ContextBroker(url=broker.url, **known)


def test_an_entity_is_created_and_then_updated(broker):
    bring(at(broker), alert())
    bring(at(broker), alert("ended"))
    bring(at(broker), alert("ended"))
    (stored,) = broker.entities.values()
    assert stored["validTo"] == alert("ended")["validTo"]
    assert [code for _, code in broker.asked] == [201, 409, 204, 409, 204]
    assert broker.asked[2][0] == f"/ngsi-ld/v1/entities/{alert()['id']}/attrs"


def test_what_a_later_version_has_more_is_added(broker):
    calm = [{"key": "baseline", "value": 1.0, "text_it": "-", "text_en": "-"}]
    bring(at(broker), alert(reasons=calm))
    bring(at(broker), alert("grew"))
    (stored,) = broker.entities.values()
    assert value(stored, "subCategory") == "crowdRisk"


def test_the_terms_go_along_or_by_their_address(broker):
    bring(at(broker), alert())
    url = "https://city.example/context.jsonld"
    bring(at(broker, context_url=url, tenant="rivermouth"), crowd())
    inline, *_, link = broker.contexts
    assert inline[0] == terms()
    assert inline[1].startswith("https://uri.etsi.org/ngsi-ld/v1/")
    assert link.startswith(f"<{url}>;")
    assert {tenant for tenant, _ in broker.entities} == {"", "rivermouth"}


@pytest.mark.parametrize("codes", [[503], [429, 500]])
def test_a_busy_broker_is_asked_again(broker, codes):
    broker.answers = list(codes)
    bring(at(broker), alert())
    assert len(broker.entities) == 1


def test_a_broker_that_stays_busy_is_away(broker):
    broker.answers = [503] * 99
    with pytest.raises(ReceiverAway, match="busy, code 503"):
        bring(at(broker), alert())
    assert len(broker.asked) == ATTEMPTS


def test_an_entity_deleted_between_is_created_again(broker):
    broker.answers = [409]
    bring(at(broker), alert())
    assert [code for _, code in broker.asked] == [409, 404, 201]


@pytest.mark.parametrize(
    ("entity", "known", "complaint"),
    [
        ({"id": "no-urn", "type": "Alert"}, {}, "refused the entity, code 400"),
        (alert() | {"name": "no attribute"}, {}, "refused the entity, code 400"),
        (alert(), {"tenant": "nobody"}, "refused the entity, code 404"),
    ],
)
def test_what_the_broker_refuses_is_not_tried_again(broker, entity, known, complaint):
    with pytest.raises(SendError, match=complaint) as caught:
        bring(at(broker, **known), entity)
    assert not isinstance(caught.value, ReceiverAway)
    assert len(broker.asked) == 1


def test_an_attribute_left_out_is_no_success(broker):
    bring(at(broker), alert())
    broker.refused = {"severity"}
    with pytest.raises(SendError, match="left out some attributes, code 207"):
        bring(at(broker), alert("grew"))


def test_a_broker_that_is_away_is_told_without_its_address():
    broker = ContextBroker(url="http://127.0.0.1:9/hidden", token="secret-token")
    with pytest.raises(ReceiverAway, match="can't be reached") as caught:
        bring(broker, alert())
    assert "hidden" not in str(caught.value)
    assert "secret" not in repr(broker)
    assert "hidden" not in repr(broker)


@pytest.mark.parametrize(
    "entry",
    [
        {"url": "http://broker.example/"},
        {"url": "https://broker.example/", "tenant": "a b"},
        {"url": "https://broker.example/", "context_url": "http://city.example/c"},
    ],
)
def test_what_would_go_in_clear_or_break_a_header_is_no_broker(entry):
    with pytest.raises(ValidationError):
        ContextBroker(**entry)
