"""The bundle: every reference holds, both languages are complete, the same input gives one zip."""

import io
import zipfile
from pathlib import Path

import pytest
import yaml

from precrisis.dashboards import bundle, check
from precrisis.dashboards.texts import MissingTextError, Texts, placeholders, read_catalogue
from precrisis.dashboards.warehouse import Column

SUPERSET = Path(__file__).parents[2] / "infra" / "superset"
ASSETS = SUPERSET / "assets"
CITY_VALUES = {
    "alert_limit": 50.0,
    "alert_limit_text": "50",
    "codes.category": {"theft": "Furto"},
    "centre.latitude": 46.0672,
    "centre.longitude": 11.1205,
    "centre.zoom": 14.1,
    "forecast.latitude": 46.0672,
    "forecast.longitude": 11.1205,
    "forecast.zoom": 13.1,
    "language": "it",
    "city.name": "Trento",
    "risk_breaks": ["0", "20", "40", "50", "75", "100"],
    "sample_note": "${dashboard.sample}",
    "small_cell_authors": "5",
    "small_cell_people": "10",
    "tile_url": "tile://http://127.0.0.1:8088/tiles/{z}/{x}/{y}.png",
    "time_range": "2026-11-01 : 2026-11-15",
    "time_zone": "Europe/Rome",
    "warehouse_database": "precrisis",
    "officer_uri": "postgresql+psycopg2://officer_reader:XXXXXXXXXX@127.0.0.1:5432/precrisis",
    "warehouse_uri": "postgresql+psycopg2://bi_reader:XXXXXXXXXX@127.0.0.1:5432/precrisis",
}


def manifest_with(*models: str) -> dict:
    officer = {file.stem for file in (ASSETS / "datasets" / "PreCrisisOfficer").iterdir()}
    return {
        "nodes": {
            f"model.precrisis.{name}": {
                "name": name,
                "resource_type": "model",
                "schema": "officer" if name in officer else "marts",
            }
            for name in models
        }
    }


def built(language: str, values: dict | None = None) -> dict:
    assets = bundle.read_assets(ASSETS)
    texts = Texts(read_catalogue(SUPERSET / "texts.yaml"), language, values or CITY_VALUES)
    columns = {name: [Column("district", "TEXT")] for name in assets.datasets}
    return bundle.build(assets, texts, columns)


def _rows_with(words: str, files: dict) -> list[str]:
    position = files["dashboards/city_safety.yaml"]["position"]
    texts = [n for n in position.values() if isinstance(n, dict) and n["type"] == "MARKDOWN"]
    return [node["id"] for node in texts if words in node["meta"]["code"]]


def test_every_link_of_the_dashboards_holds():
    tables = bundle.read_assets(ASSETS).datasets
    assert check.broken_links(ASSETS, manifest_with(*tables)) == []


def test_a_mart_that_dbt_no_longer_builds_is_named():
    tables = set(bundle.read_assets(ASSETS).datasets) - {"fct_alert"}
    assert check.broken_links(ASSETS, manifest_with(*tables)) == [
        "dataset fct_alert → dbt model fct_alert: not among the marts"
    ]


def test_a_mart_of_another_schema_is_no_substitute():
    manifest = manifest_with(*bundle.read_assets(ASSETS).datasets)
    manifest["nodes"]["model.precrisis.fct_disclosure"]["schema"] = "marts"
    assert check.broken_links(ASSETS, manifest) == [
        "dataset fct_disclosure → dbt model fct_disclosure: not among the officer"
    ]


def test_a_chart_that_is_gone_is_named(tmp_path):
    _copy(ASSETS, tmp_path)
    (tmp_path / "charts" / "data_age.yaml").unlink()
    tables = bundle.read_assets(ASSETS).datasets
    assert check.broken_links(tmp_path, manifest_with(*tables)) == [
        "dashboard city_safety → chart data_age: no charts/data_age.yaml"
    ]


def test_every_placeholder_has_both_languages_or_a_value_of_the_city():
    assert check.missing_texts(ASSETS, SUPERSET / "texts.yaml", set(CITY_VALUES)) == []


def test_a_text_in_one_language_only_is_named(tmp_path):
    catalogue = read_catalogue(SUPERSET / "texts.yaml")
    del catalogue["tabs"]["health"]["en"]
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(catalogue), encoding="utf-8")
    missing = check.missing_texts(ASSETS, tmp_path / "texts.yaml", set(CITY_VALUES))
    assert missing == ["tabs.health"]


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("it", {"Sicurezza degli spazi pubblici", "Protezione dei dati"}),
        ("en", {"Safety of public spaces", "Data protection"}),
    ],
)
def test_the_city_language_decides_the_words(language, titles):
    files = built(language)
    found = {tree["dashboard_title"] for path, tree in files.items() if "dashboards/" in path}
    assert found == titles
    assert placeholders(files) == set()


def test_every_chart_says_what_it_means_in_one_line():
    charts = [tree for path, tree in built("it").items() if path.startswith("charts/")]
    assert [chart["slice_name"] for chart in charts if len(chart["description"]) < 20] == []


def test_every_chart_but_a_number_has_that_line_open_under_its_title():
    files, charts = built("it"), bundle.read_assets(ASSETS).charts
    css = "".join(tree["css"] for path, tree in files.items() if path.startswith("dashboards/"))
    layers = {charts[name]["uuid"] for c in charts.values() for name in c.get("layers", [])}
    small = {"big_number_total", "table"}  # a table may be as small as a number
    large = [
        tree
        for path, tree in files.items()
        if path.startswith("charts/") and tree["viz_type"] not in small
        if tree["uuid"] not in layers
    ]
    assert len(large) > 10
    assert [chart["slice_name"] for chart in large if chart["description"] not in css] == []


def test_dashboard_refers_to_charts_by_uuid():
    assets = bundle.read_assets(ASSETS)
    dashboards = [tree for path, tree in built("it").items() if path.startswith("dashboards/")]
    nodes = [node for dashboard in dashboards for node in dashboard["position"].values()]
    shown = {node["meta"]["uuid"] for node in nodes if _is_chart(node)}
    layers = {layer for chart in assets.charts.values() for layer in chart.get("layers", [])}
    assert shown == {uuid for key, uuid in assets.chart_uuids.items() if key not in layers}


def test_sample_cameras_are_announced_and_own_cameras_leave_no_gap():
    assert len(_rows_with("Telecamere di prova", built("it"))) == 2
    own = built("it", {**CITY_VALUES, "sample_note": ""})
    assert _rows_with("Telecamere di prova", own) == []
    position = own["dashboards/city_safety.yaml"]["position"]
    rows = [node for node in position.values() if isinstance(node, dict) and node["type"] == "ROW"]
    assert [row["id"] for row in rows if not row["children"]] == []


def test_the_zip_holds_no_password_and_is_the_same_each_time():
    first, second = bundle.zip_bundle(built("it")), bundle.zip_bundle(built("it"))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        databases = [
            yaml.safe_load(archive.read(f"precrisis/databases/{name}.yaml"))
            for name in ("PreCrisis", "PreCrisisOfficer")
        ]
    assert all(":XXXXXXXXXX@" in database["sqlalchemy_uri"] for database in databases)


def test_each_dataset_is_read_through_its_own_database_and_schema():
    files = built("it")
    for name, schema in (("PreCrisis", "marts"), ("PreCrisisOfficer", "officer")):
        found = [t for path, t in files.items() if path.startswith(f"datasets/{name}/")]
        uuid = files[f"databases/{name}.yaml"]["uuid"]
        assert {(tree["schema"], tree["database_uuid"]) for tree in found} == {(schema, uuid)}


def test_codes_become_words_and_unknown_codes_show_themselves():
    columns = built("it")["datasets/PreCrisis/fct_alert.yaml"]["columns"]
    (status,) = [c["expression"] for c in columns if c["column_name"] == "status_name"]
    assert "WHEN 'waiting' THEN 'Da esaminare'" in status
    assert status.endswith("ELSE CAST(status AS TEXT) END")


def test_a_missing_text_is_named():
    texts = Texts({"tabs": {}}, "it", {})
    with pytest.raises(MissingTextError, match=r"tabs\.unknown"):
        texts.fill("${tabs.unknown}")


def test_a_placeholder_alone_keeps_its_type():
    texts = Texts({}, "it", {"centre.longitude": 11.12})
    assert texts.fill({"longitude": "${centre.longitude}"}) == {"longitude": 11.12}


def _is_chart(node) -> bool:
    return isinstance(node, dict) and node["type"] == "CHART"


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.yaml"):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
