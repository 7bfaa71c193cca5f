"""Records of a portal: its pages, its words, and what keeps them out."""

import json

import pytest

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.records import api_source
from precrisis.records.api_source import ApiBroken, read
from precrisis.records.incidents import COLUMNS
from tests.records_portal import collection, feature, publishing, query_of

API = {
    "fields": {
        "source_id": "id", "category": "tipo", "occurred_from": "inizio", "occurred_to": "fine",
    },
    "fixed": {"accuracy_m": "25", "found_by": "reported"},
}  # fmt: skip
ITEMS = "/collections/incidents/items"


@pytest.fixture
def portal():
    with publishing() as (origin, served):
        served.origin = origin
        yield served


def source(portal, path: str = ITEMS, api: dict | None = None, **other) -> Source:
    return Source(
        source_id="portal", kind="records_api", address=portal.origin + path, noun="incident",
        purpose_id="records", api=API | (api or {}), **other,
    )  # fmt: skip


def rows(portal, *args, **named) -> list[dict[str, str]]:
    return read(source(portal, *args, **named), COLUMNS, None, "pack").rows


def test_pages_of_an_ogc_api_are_followed_by_their_links(portal):
    portal.pages = {
        ITEMS: collection(feature(1), feature(2), following=f"{ITEMS}?offset=2"),
        f"{ITEMS}?offset=2": collection(feature(3)),
    }
    found = rows(portal)
    assert [row["source_id"] for row in found] == ["ev-1", "ev-2", "ev-3"]
    assert found[0] == {
        "source_id": "ev-1", "category": "theft", "occurred_from": "2026-11-20T18:00:00+01:00",
        "occurred_to": "2026-11-20T19:00:00+01:00", "longitude": "11.1215",
        "latitude": "46.0673", "accuracy_m": "25", "found_by": "reported",
    }  # fmt: skip


def test_pages_by_offset_end_with_one_that_is_not_full(portal):
    flat = {"fields": API["fields"] | {"longitude": "geo.lon", "latitude": "geo.lat"}}
    paging = {"records": "results", "offset": "skip", "limit": "rows", "page_size": 2}

    def record(n: int) -> dict:
        return feature(n)["properties"] | {"id": n, "geo": {"lon": 11.1, "lat": 46.0}}

    portal.pages = {
        "/records?skip=0&rows=2": {"total_count": 3, "results": [record(1), record(2)]},
        "/records?skip=2&rows=2": {"total_count": 3, "results": [record(3)]},
    }
    found = rows(portal, "/records", flat | paging)
    assert [(row["source_id"], row["longitude"]) for row in found] == [
        ("1", "11.1"), ("2", "11.1"), ("3", "11.1"),
    ]  # fmt: skip
    assert [query_of(path)["skip"] for path in portal.asked] == ["0", "2"]


def test_a_list_alone_is_read_and_its_next_page_may_stand_in_the_header(portal):
    portal.pages = {"/list?page=2": [feature(2)]}
    portal.first = [
        (200, {"Link": '</list?page=2>; rel="next"'}, json.dumps([feature(1)]).encode())
    ]
    found = rows(portal, "/list", {"records": ""})
    assert [row["source_id"] for row in found] == ["ev-1", "ev-2"]


def test_what_did_not_change_is_not_read_again_unless_the_city_pack_did(portal):
    portal.pages = {ITEMS: collection(feature(1))}
    first = read(source(portal), COLUMNS, None, "pack")
    assert read(source(portal), COLUMNS, first.cursor, "pack") is None
    assert len(read(source(portal), COLUMNS, first.cursor, "another pack").rows) == 1
    portal.pages = {ITEMS: collection(feature(1), feature(2))}
    assert len(read(source(portal), COLUMNS, first.cursor, "pack").rows) == 2


def test_of_several_pages_none_is_taken_for_unchanged(portal):
    portal.pages = {
        ITEMS: collection(feature(1), following=f"{ITEMS}?p=2"),
        f"{ITEMS}?p=2": collection(feature(2)),
    }
    first = read(source(portal), COLUMNS, None, "pack")
    portal.pages[f"{ITEMS}?p=2"] = collection(feature(2), feature(3))
    assert len(read(source(portal), COLUMNS, first.cursor, "pack").rows) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_short_wait_is_waited_and_a_long_one_is_told(portal, status, monkeypatch):
    slept = []
    monkeypatch.setattr(api_source.time, "sleep", slept.append)
    portal.pages = {ITEMS: collection(feature(1))}
    portal.first = [(status, {"Retry-After": "7"}), (status, {})]
    assert len(rows(portal)) == 1
    assert slept == [7, api_source.UNSTATED_WAIT_S]
    portal.first = [(status, {"Retry-After": "3600"})]
    with pytest.raises(ApiBroken, match="asks to wait 3600 s"):
        rows(portal)


def test_the_login_goes_to_the_portal_alone(portal, monkeypatch):
    monkeypatch.setenv("PORTAL_TOKEN", "s3cret")
    with publishing() as (elsewhere, other):
        portal.first = [(302, {"Location": f"{elsewhere}{ITEMS}"})]
        with pytest.raises(ApiBroken, match="another host") as told:
            rows(portal, token_variable="PORTAL_TOKEN")
        portal.pages = {ITEMS: collection(feature(1), following=f"{elsewhere}{ITEMS}")}
        with pytest.raises(ApiBroken, match="another host"):
            rows(portal, token_variable="PORTAL_TOKEN")
        assert other.asked == []
    assert portal.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in str(told.value)


def test_a_redirect_within_the_portal_is_followed_and_one_in_a_circle_is_not(portal):
    portal.pages = {"/v2/items": collection(feature(1))}
    portal.first = [(301, {"Location": "/v2/items"})]
    assert len(rows(portal)) == 1
    portal.first = [(302, {"Location": ITEMS})] * 9
    with pytest.raises(ApiBroken, match="without end"):
        rows(portal)


def test_a_missing_or_refused_login_names_its_variable(portal, monkeypatch):
    monkeypatch.delenv("PORTAL_TOKEN", raising=False)
    with pytest.raises(PermissionError, match="set PORTAL_TOKEN"):
        rows(portal, token_variable="PORTAL_TOKEN")
    monkeypatch.setenv("PORTAL_TOKEN", "old")
    portal.first = [(401, {})]
    with pytest.raises(PermissionError, match="renew PORTAL_TOKEN"):
        rows(portal, token_variable="PORTAL_TOKEN")


@pytest.mark.parametrize(
    ("page", "rule"),
    [
        (collection(feature(1, nome="Mario Rossi")), "columns_known"),
        (collection({**feature(1), "properties": {"tipo": "theft"}}), "columns_known"),
        ({"features": "none"}, "file_readable"),
        ({"error": "maintenance"}, "file_readable"),
        (b"<html>maintenance</html>", "file_readable"),
        (b"[" * 100_000, "file_readable"),
    ],
)
def test_what_was_not_agreed_keeps_all_out(portal, page, rule):
    portal.pages = {ITEMS: page}
    with pytest.raises(Refused) as refused:
        rows(portal)
    assert refused.value.rule == rule
    assert "Rossi" not in str(refused.value)


def test_a_field_that_the_pack_leaves_out_is_not_read(portal):
    portal.pages = {ITEMS: collection(feature(1, colore="rosso"))}
    assert "rosso" not in str(rows(portal, api={"left_out": ["colore"]}))


def test_pages_without_end_and_answers_without_measure_are_stopped(portal, monkeypatch):
    monkeypatch.setattr(api_source, "MOST_PAGES", 3)
    portal.pages = {ITEMS: collection(feature(1), following=ITEMS)}
    with pytest.raises(Refused, match="without end"):
        rows(portal)
    monkeypatch.setattr(api_source, "MOST_RECORDS", 2)
    with pytest.raises(Refused, match="more than 2 records"):
        rows(portal)
    monkeypatch.setattr("precrisis.posts.bounded_session.LARGEST_BYTES", 100_000)
    portal.pages = {ITEMS: b" " * 200_000}
    with pytest.raises(ApiBroken, match="without an end"):
        rows(portal)


def test_a_place_without_a_point_is_left_to_the_door(portal):
    portal.pages = {ITEMS: collection({**feature(1), "geometry": None})}
    assert (rows(portal)[0]["longitude"], rows(portal)[0]["latitude"]) == ("", "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"address": "http://portal.city.example/items"}, "over https"),
        ({"api": None}, "go together"),
        ({"noun": "weather_hour"}, "come incidents"),
    ],
)
def test_a_portal_is_described_and_asked_over_https(portal, changes, told):
    good = source(portal).model_dump()
    with pytest.raises(ValueError, match=told):
        Source(**(good | changes))
