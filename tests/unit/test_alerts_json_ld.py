"""What our entities are to a reader of linked data: nothing is lost or means something else.

The core context is written here from ETSI GS CIM 009, as far as our entities use it. Its @vocab
catches what no context defines, so a term that is not published shows up as one of its IRIs.
"""

import json

import pytest
from pyld import jsonld

from precrisis.alerts.ngsi_ld import CORE_CONTEXT, terms
from tests.unit.test_alerts_ngsi_ld import MODELS, alert, crowd

NGSI_LD = "https://uri.etsi.org/ngsi-ld/"
UNDEFINED = f"{NGSI_LD}default-context/"
CORE = {
    "@version": 1.1,
    "@protected": True,
    "ngsi-ld": NGSI_LD,
    "geojson": "https://purl.org/geojson/vocab#",
    "id": "@id",
    "type": "@type",
    "DateTime": "ngsi-ld:DateTime",
    "GeoProperty": "ngsi-ld:GeoProperty",
    "MultiPolygon": "geojson:MultiPolygon",
    "Polygon": "geojson:Polygon",
    "Property": "ngsi-ld:Property",
    "Relationship": "ngsi-ld:Relationship",
    "coordinates": {"@container": "@list", "@id": "geojson:coordinates"},
    "data": "ngsi-ld:data",
    "description": "http://purl.org/dc/terms/description",
    "location": "ngsi-ld:location",
    "object": {"@id": "ngsi-ld:hasObject", "@type": "@id"},
    "status": "ngsi-ld:status",
    "value": "ngsi-ld:hasValue",
    "@vocab": UNDEFINED,
}
OURS_BY_ADDRESS = "https://city.example/context.jsonld"
PUBLISHED = {CORE_CONTEXT: CORE, OURS_BY_ADDRESS: terms()}
ENTITIES = pytest.mark.parametrize(
    "entity", [alert(), alert("grew"), alert("withdrawn"), alert("ended"), crowd()],
    ids=["raised", "grew", "withdrawn", "ended", "crowd"],
)  # fmt: skip


def loader(address: str, _options) -> dict:
    """What is published, and no network."""
    document = {"@context": PUBLISHED[address]}
    return {"contextUrl": None, "documentUrl": address, "document": document}


def as_sent(entity: dict) -> dict:
    return json.loads(json.dumps(entity))


def expanded(entity: dict, context: object = None) -> dict:
    document = as_sent(entity) | {"@context": context or [terms(), CORE_CONTEXT]}
    (found,) = jsonld.expand(document, {"documentLoader": loader})
    return found


def iri(name: str) -> str:
    known = terms() | {k: v for k, v in CORE.items() if isinstance(v, str)}
    return known[name].replace("ngsi-ld:", NGSI_LD)


@ENTITIES
def test_every_attribute_becomes_its_published_iri_and_none_is_lost(entity):
    found = expanded(entity)
    assert found.pop("@id") == entity["id"]
    assert found.pop("@type") == [iri(entity["type"])]
    attributes = set(entity) - {"id", "type"}
    assert set(found) == {iri(name) for name in attributes}
    assert not any(name.startswith(UNDEFINED) for name in found)
    for name in attributes:
        ((attribute,),) = [found[iri(name)]]
        kind = entity[name]["type"]
        assert attribute["@type"] == [f"{NGSI_LD}{kind}"]
        told = "hasObject" if kind == "Relationship" else "hasValue"
        assert attribute[f"{NGSI_LD}{told}"] != []


@ENTITIES
def test_it_comes_back_as_it_was(entity):
    again = jsonld.compact(expanded(entity), [terms(), CORE_CONTEXT], {"documentLoader": loader})
    del again["@context"]
    assert again == with_the_alias(as_sent(entity))


def with_the_alias(part: object) -> object:
    """In NGSI-LD `type` and JSON-LD's own `@type` are one."""
    if isinstance(part, dict):
        return {name.replace("@type", "type"): with_the_alias(v) for name, v in part.items()}
    return [with_the_alias(one) for one in part] if isinstance(part, list) else part


@ENTITIES
def test_it_means_the_same_when_our_terms_are_given_by_address(entity):
    assert expanded(entity, [OURS_BY_ADDRESS, CORE_CONTEXT]) == expanded(entity)


def test_values_keep_their_types():
    found = expanded(alert())
    assert found[iri("dateIssued")][0][f"{NGSI_LD}hasValue"] == [
        {"@type": f"{NGSI_LD}DateTime", "@value": "2026-11-21T20:30:00Z"}
    ]
    assert found[iri("alertSource")][0][f"{NGSI_LD}hasObject"] == [
        {"@id": "https://www.trento.example"}
    ]
    (place,) = found[iri("location")][0][f"{NGSI_LD}hasValue"]
    assert place["@type"] == ["https://purl.org/geojson/vocab#Polygon"]
    (ring,) = place["https://purl.org/geojson/vocab#coordinates"][0]["@list"]
    first, *_, last = ring["@list"]
    assert first == last


@pytest.mark.parametrize("model", MODELS)
def test_every_attribute_of_a_model_that_we_name_is_one_of_its_own(model):
    entity = alert() if model == "Alert" else crowd()
    undefined = set(expanded(entity | {"mood": {"type": "Property", "value": "calm"}}))
    assert undefined - set(expanded(entity)) == {f"{UNDEFINED}mood"}
    assert set(entity) <= set(MODELS[model]["attributes"])
