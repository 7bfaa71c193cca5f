"""Row-level rules hold on the map too, whoever asked first.

The map's layers come from GET /superset/explore_json, which Superset caches by address alone. A
cache switched on there would give one reader the rows of another: this test reads as a reader
without a rule, then as one with a rule, then the other way round.
"""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
import requests

from precrisis.city import city
from precrisis.dashboards.access import ANALYST
from precrisis.dashboards.bundle import read_assets
from precrisis.dashboards.client import Superset, sign_in
from precrisis.dashboards.publish import FOLDER, PublishResult, publish
from precrisis.settings import settings

READER = "row_rule_reader"


@pytest.fixture(scope="module")
def published() -> PublishResult:
    return publish(settings(), city())


@pytest.fixture(scope="module")
def admin(published) -> Superset:
    return sign_in(settings().superset_url, settings().superset_passwords["admin"])


@pytest.fixture(scope="module")
def district() -> str:
    return city().zones[0].district


@pytest.fixture(scope="module")
def reader(admin, published, district) -> Iterator[requests.Session]:
    """A reader who may see one district only; taken away afterwards."""
    password = secrets.token_urlsafe(16)
    role = admin.write("security/roles/", {"name": READER})["id"]
    user = admin.write("security/users/", _account(admin, role, password))["id"]
    rule = admin.write("rowlevelsecurity/", _rule(published, role, district))["id"]
    yield browser_session(READER, password)
    for path in (f"rowlevelsecurity/{rule}", f"security/users/{user}", f"security/roles/{role}"):
        admin.delete(f"{admin.base_url}/{path}")


@pytest.fixture(scope="module")
def analyst(published) -> requests.Session:
    return browser_session("analyst", settings().superset_passwords["analyst"])


def browser_session(user: str, password: str) -> requests.Session:
    """Sign in as a browser does: the map's address takes a session cookie, not a token."""
    session = requests.Session()
    page = session.get(f"{settings().superset_url}/login/", timeout=30).text
    token = re.search(r'<input[^>]*id="csrf_token"[^>]*value="([^"]+)"', page)[1]
    form = {"username": user, "password": password, "csrf_token": token}
    answer = session.post(
        f"{settings().superset_url}/login/", data=form, allow_redirects=False, timeout=30
    )
    assert answer.headers["Location"] == "/"
    return session


def features_of(session: requests.Session, layer_id: int) -> list[dict]:
    answer = session.get(
        f"{settings().superset_url}/superset/explore_json/",
        params={"form_data": json.dumps({"slice_id": layer_id})},
        timeout=30,
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    return answer.json()["data"]["features"]


def districts_on_map(session: requests.Session, published: PublishResult) -> set[str]:
    zones = features_of(session, published.chart_ids["risk_map_zones"])
    return {zone["extraProps"]["district"] for zone in zones}


def test_each_layer_of_the_map_has_features(analyst, published):
    layers = read_assets(FOLDER / "assets").charts["risk_map"]["layers"]
    empty = [key for key in layers if not features_of(analyst, published.chart_ids[key])]
    assert empty == []


def test_the_map_shows_a_limited_reader_only_the_own_district(analyst, reader, published, district):
    everything = {zone.district for zone in city().zones}
    assert len(everything) > 1
    assert districts_on_map(analyst, published) == everything
    assert districts_on_map(reader, published) == {district}
    assert districts_on_map(analyst, published) == everything


def _account(admin: Superset, role: int, password: str) -> dict:
    ids = {entry["name"]: entry["id"] for entry in admin.all_of("security/roles")}
    return {
        "username": READER,
        "first_name": "Row",
        "last_name": "Rule",
        "email": "row-rule@precrisis.example",
        "active": True,
        "roles": [ids["Gamma"], ids[ANALYST], role],
        "password": password,
    }


def _rule(published: PublishResult, role: int, district: str) -> dict:
    return {
        "name": READER,
        "filter_type": "Regular",
        "tables": [published.dataset_ids["fct_zone_latest"]],
        "roles": [role],
        "group_key": "",
        "clause": f"district = '{district}'",
    }
