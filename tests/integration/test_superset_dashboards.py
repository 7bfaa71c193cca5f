"""The dashboards in a running Superset: published, readable, and telling nobody too much."""

import json

import pytest
import requests

from precrisis.city import city
from precrisis.dashboards.bundle import read_assets
from precrisis.dashboards.client import Superset, SupersetError, sign_in
from precrisis.dashboards.publish import FOLDER, publish
from precrisis.settings import settings

ASSETS = read_assets(FOLDER / "assets")
# The map's layers have an address of their own: see test_superset_row_rules.py.
OF_OFFICER = {
    key
    for key, chart in ASSETS.charts.items()
    if ASSETS.database_of[chart["dataset"]] == "PreCrisisOfficer"
}
ASKED = sorted(
    key
    for key, chart in ASSETS.charts.items()
    if key not in OF_OFFICER and not chart["viz_type"].startswith("deck")
)
# Nobody may have looked at anything yet, and no release may have been put to the test; the tests'
# city took no measures to be judged.
MAY_BE_EMPTY = {
    "event_scores", "measure_effects",
    "officer_deletions_by_day", "officer_disclosures", "officer_incident_mode",
    "officer_open_objections", "officer_privacy_tests",
}  # fmt: skip


@pytest.fixture(scope="module")
def published():
    return publish(settings(), city())


@pytest.fixture(scope="module")
def admin(published) -> Superset:
    return sign_in(settings().superset_url, settings().superset_passwords["admin"])


@pytest.fixture(scope="module")
def analyst(published) -> Superset:
    return sign_in(
        settings().superset_url, settings().superset_passwords["analyst"], user="analyst"
    )


@pytest.fixture(scope="module")
def officer(published) -> Superset:
    return sign_in(
        settings().superset_url, settings().superset_passwords["officer"], user="officer"
    )


def rows_of(superset: Superset, chart_id: int) -> list[dict]:
    """The rows behind a chart, asked as the dashboard asks."""
    return superset.write("chart/data", question(superset, chart_id))["result"][0]["data"]


def question(superset: Superset, chart_id: int) -> dict:
    stored = superset.read(f"chart/{chart_id}")["result"]
    params = json.loads(stored["params"])
    return {
        "datasource": _datasource(params),
        "queries": [_query(params)],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }


def test_publishing_twice_leaves_the_same_ids(published):
    assert publish(settings(), city()) == published


def test_nothing_of_ours_is_there_twice(published, admin):
    for resource, ids in (("chart", published.chart_ids), ("dataset", published.dataset_ids)):
        uuids = [item["uuid"] for item in admin.all_of(resource) if item["id"] in ids.values()]
        assert len(uuids) == len(set(uuids)) == len(ids)


@pytest.mark.parametrize("key", ASKED)
def test_every_chart_has_rows_for_an_analyst(key, published, analyst):
    rows = rows_of(analyst, published.chart_ids[key])
    assert rows != [] or key in MAY_BE_EMPTY


@pytest.mark.parametrize("key", sorted(OF_OFFICER))
def test_every_chart_of_the_officer_s_page_answers_the_officer(key, published, officer):
    rows = rows_of(officer, published.chart_ids[key])
    assert rows != [] or key in MAY_BE_EMPTY


@pytest.mark.parametrize("key", sorted(OF_OFFICER))
def test_an_analyst_sees_nothing_of_the_officer_s_page(key, published, admin, analyst):
    body = question(admin, published.chart_ids[key])
    with pytest.raises(SupersetError, match="403"):
        analyst.write("chart/data", body)


def test_an_analyst_finds_one_dashboard_and_the_officer_the_other(published, analyst, officer):
    assert {d["slug"] for d in analyst.all_of("dashboard")} == {"city-safety"}
    assert {d["slug"] for d in officer.all_of("dashboard")} == {"data-protection"}


def test_the_map_shows_its_layers(published, admin):
    stored = admin.read(f"chart/{published.chart_ids['risk_map']}")["result"]
    expected = [published.chart_ids[layer] for layer in ASSETS.charts["risk_map"]["layers"]]
    assert json.loads(stored["params"])["deck_slices"] == expected


def test_an_analyst_cannot_use_the_sql_lab(analyst, admin):
    (database,) = [d for d in admin.all_of("database") if d["database_name"] == "PreCrisis"]
    query = {"database_id": database["id"], "sql": "select 1", "schema": "raw"}
    with pytest.raises(SupersetError, match=r"40[134]"):
        analyst.write("sqllab/execute/", query)


def test_a_stranger_sees_no_rows(published):
    url = f"{settings().superset_url}/api/v1/chart/{published.chart_ids['latest_alerts']}/data/"
    assert requests.get(url, timeout=30, allow_redirects=False).status_code == 401


def test_no_page_may_load_anything_from_elsewhere():
    answer = requests.get(f"{settings().superset_url}/login/", timeout=30)
    policy = answer.headers["Content-Security-Policy"]
    assert "http" not in policy
    assert "img-src 'self' blob: data:;" in policy


def test_the_base_map_is_served_by_superset_itself():
    answer = requests.get(f"{settings().superset_url}/tiles/15/17396/11644.png", timeout=30)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")


def _datasource(params: dict) -> dict:
    number, kind = params["datasource"].split("__")
    return {"id": int(number), "type": kind}


def _query(params: dict) -> dict:
    metrics = _metrics(params)
    raw = params.get("query_mode") == "raw"
    columns = params["all_columns"] if raw else _groups(params)
    return {
        "columns": columns,
        "metrics": None if raw else metrics,
        "orderby": [],
        "filters": [],
        "row_limit": 100,
        "extras": {"where": _where(params)},
    }


def _metrics(params: dict) -> list:
    single = [params["metric"]] if "metric" in params else []
    return params.get("metrics", single)


def _groups(params: dict) -> list[str]:
    axis = [params["x_axis"]] if "x_axis" in params else []
    groups = params.get("groupby", [])
    return axis + ([groups] if isinstance(groups, str) else groups)


def _where(params: dict) -> str:
    written = [f["sqlExpression"] for f in params["adhoc_filters"] if "sqlExpression" in f]
    return " AND ".join(written)
