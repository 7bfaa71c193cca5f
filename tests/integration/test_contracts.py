"""One contract per seam: door, raw table, dbt source; marts enforced and without any person."""

import json
import re
import subprocess

import pytest

from expectations import calendar_event, disorder_audit, event_label, incident, place, survey_answer
from expectations.camera_observation import STATION as CAMERA_OBSERVATION
from expectations.footage_segment import STATION as FOOTAGE_SEGMENT
from expectations.post import STATION as POST
from expectations.post_signal import STATION as POST_SIGNAL
from expectations.station import Station
from expectations.stop_service import STATION as STOP_SERVICE
from expectations.video_event import STATION as VIDEO_EVENT
from expectations.weather_hour import STATION as WEATHER_HOUR
from infra.stack.layout import ROOT
from precrisis.privacy.columns import declared

BOUNDS = (11.0, 45.0, 12.0, 47.0)
STATIONS = (
    FOOTAGE_SEGMENT,
    CAMERA_OBSERVATION,
    VIDEO_EVENT,
    POST,
    POST_SIGNAL,
    place.station(BOUNDS),
    STOP_SERVICE,
    incident.station(BOUNDS, ["theft"]),
    calendar_event.station(["town-square"]),
    disorder_audit.station(BOUNDS),
    survey_answer.station(["town-square"]),
    WEATHER_HOUR,
    event_label.station(["camera"]),
)
# What asks the warehouse for the weekly fit of the index, in plugins/precrisis.
FIT = ("risk", "covariates", "covariate_cases")
# Written by our own steps, not by a source, so without a door.
WITHOUT_DOOR = {
    "camera_calibration", "video_sign", "risk_baseline", "risk_covariate", "forecast_score",
    "threshold", "city",
    "purpose", "objection", "expiry", "forecast", "forecast_cell", "forecast_hour",
    "forecast_window", "hot_spot", "near_repeat", "event_score", "layer_version", "place_version",
    "line_crossing",
    "post_correction", "theme_example",
    "vulnerability", "measure_effect", "forecast_split",
}  # fmt: skip
MARTS = {
    "dim_camera", "dim_site", "dim_zone", "fct_alert", "fct_camera_day", "fct_camera_window",
    "fct_data_health", "fct_forecast_score", "fct_incident", "fct_post_theme_hour",
    "fct_quarantine", "fct_site_vulnerability", "fct_video_event", "fct_zone_hour",
    "fct_zone_latest", "fct_calendar_event", "fct_forecast", "fct_forecast_window",
    "fct_hot_spot", "fct_near_repeat", "fct_risk_covariate", "fct_event_score", "fct_flow_hour",
    "fct_disorder", "fct_perception",
    "fct_post_language_day",
    "fct_site_threat",
    "fct_measure_effect", "fct_forecast_split", "fct_place_profile",
}  # fmt: skip
OFFENCES = {"fct_incident_point", "fct_offence_event"}
OFFICER = {
    "fct_deletion_day", "fct_disclosure", "fct_expiry", "fct_gate_day", "fct_incident_mode",
    "fct_lawfulness", "fct_objection", "fct_privacy_test", "fct_purpose", "fct_retention",
}  # fmt: skip
SCHEMAS = ("marts", "offences", "officer")
# What could lead to a person, or is more than a count of posts.
NEVER_IN_A_MART = {
    "author_key", "post_id_hash", "text", "text_length", "object_key", "sha256", "row_content",
    "track_id", "person_id", "face", "picture", "handle", "display_name", "plate", "username",
    "reviewer", "appearance", "embedding",
}  # fmt: skip
BY_NAME = pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.noun)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    """The dbt project as dbt itself understands it now."""
    target = tmp_path_factory.mktemp("dbt")
    command = ["dbt", "parse", "-q", "--project-dir", "dbt", "--profiles-dir", "dbt"]
    command += ["--target-path", str(target), "--log-path", str(target)]
    subprocess.run(command, cwd=ROOT, check=True)
    return json.loads((target / "manifest.json").read_text())


def columns(world, table: str) -> dict[str, dict]:
    rows = world.rows(
        "SELECT column_name, is_nullable = 'NO' AS is_required, column_default "
        "FROM information_schema.columns WHERE table_schema = 'raw' AND table_name = %s "
        "ORDER BY ordinal_position",
        table,
    )
    return {row.pop("column_name"): row for row in rows}


def primary_key(world, table: str) -> tuple[str, ...]:
    rows = world.rows(
        "SELECT a.attname FROM pg_index AS i "
        "CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (n, place) "
        "INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.n "
        "WHERE i.indisprimary AND i.indrelid = %s::regclass ORDER BY k.place",
        f"raw.{table}",
    )
    return tuple(row["attname"] for row in rows)


def nodes(manifest: dict, kind: str) -> dict[str, dict]:
    found = manifest["nodes"].values()
    return {node["name"]: node for node in found if node["resource_type"] == kind}


def marts(manifest: dict, schema: str = "marts") -> dict[str, dict]:
    return {n: m for n, m in nodes(manifest, "model").items() if m["schema"] == schema}


def all_marts(manifest: dict) -> dict[str, dict]:
    return {name: mart for schema in SCHEMAS for name, mart in marts(manifest, schema).items()}


@BY_NAME
def test_a_door_names_the_columns_of_its_raw_table_in_order(world, station: Station):
    table = [name for name in columns(world, station.noun) if name != "loaded_at"]
    assert list(station.columns) == table


@BY_NAME
def test_a_door_s_key_is_the_table_s_primary_key(world, station: Station):
    assert station.key == primary_key(world, station.noun)


@BY_NAME
def test_what_the_table_requires_the_door_asks_for(world, station: Station):
    """Else one row without it would fail its whole batch in the database."""
    asked = {rule.arguments.get("column") for rule in station.rules if "NotBeNull" in rule.kind}
    asked |= {"geom"} if "is_valid_geometry" in asked else set()
    asked |= {"themes", "place_links"} if {"lowest_probability", "best_link"} < asked else set()
    required = {
        name
        for name, column in columns(world, station.noun).items()
        if column["is_required"] and column["column_default"] is None
    }
    assert required - asked == set()


def test_raw_tables_are_the_stations_and_dbt_s_sources(world, manifest):
    rows = world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'raw'")
    tables = {row["tablename"] for row in rows}
    assert tables == {station.noun for station in STATIONS} | WITHOUT_DOOR
    sources = [s for s in manifest["sources"].values() if s["source_name"] == "raw"]
    assert {source["name"] for source in sources} == tables


def test_dbt_s_sources_in_ops_exist(world, manifest):
    rows = world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'ops'")
    sources = {s["name"] for s in manifest["sources"].values() if s["source_name"] == "ops"}
    assert sources <= {row["tablename"] for row in rows}


def test_the_marts_are_those_of_the_design_each_with_an_enforced_contract(manifest):
    assert set(marts(manifest)) == MARTS
    assert set(marts(manifest, "offences")) == OFFENCES
    assert set(marts(manifest, "officer")) == OFFICER
    found = all_marts(manifest)
    loose = {name for name, mart in found.items() if not mart["config"]["contract"]["enforced"]}
    assert loose == set()


def test_every_column_of_a_mart_is_described(manifest):
    bare = {
        f"{name}.{column['name']}"
        for name, mart in all_marts(manifest).items()
        for column in mart["columns"].values()
        if not column["description"]
    }
    assert bare == set()


def test_G3_no_mart_has_a_column_that_could_lead_to_a_person(manifest):
    found = {
        f"{name}.{column}"
        for name, mart in all_marts(manifest).items()
        for column in mart["columns"]
        if column in NEVER_IN_A_MART or column.endswith(("_hash", "_sha256"))
    }
    assert found == set()


@pytest.mark.parametrize("folder", SCHEMAS)
def test_G3_every_column_of_a_mart_says_what_it_holds_of_people(manifest, folder):
    said = {(c.mart, c.name) for c in declared(ROOT / "dbt" / "models" / folder)}
    found = marts(manifest, folder).items()
    assert said == {(name, column) for name, mart in found for column in mart["columns"]}


@pytest.mark.parametrize(
    ("line", "planted"),
    [
        ("config: {meta: {personal_data: place}}", "config: {}"),
        ("config: {meta: {personal_data: place}}", "config: {meta: {personal_data: harmless}}"),
        ("config: {meta: {personal_data: place}}", "config: {meta: {personal_data: aggregate}}"),
    ],
)
def test_G3_a_column_that_does_not_say_so_is_refused(tmp_path, line, planted):
    text = (ROOT / "dbt" / "models" / "marts" / "_marts.yml").read_text()
    (tmp_path / "_marts.yml").write_text(text.replace(line, planted, 1))
    with pytest.raises(LookupError, match=r"dim_zone\.zone_id"):
        declared(tmp_path)


def test_G3_every_count_over_people_is_guarded_by_its_small_cell(manifest):
    guards = {
        (test["attached_node"], test["column_name"], test["test_metadata"]["kwargs"]["k_name"])
        for test in nodes(manifest, "test").values()
        if test["test_metadata"]["name"] == "hides_small_cells"
    }
    over_people = {
        (f"model.precrisis.{column.mart}", column.name, column.k)
        for column in declared(ROOT / "dbt" / "models" / "marts")
        if column.is_count and column.personal_data == "aggregate"
    }
    assert len(over_people) >= 8
    assert guards == over_people


def test_no_exposure_leans_on_anything_but_marts(manifest):
    """But for the fit, which is of the warehouse itself."""
    of_others = [e for e in manifest["exposures"].values() if e["name"] != "baseline_fit"]
    assert of_others
    built = {mart["unique_id"] for mart in all_marts(manifest).values()}
    for exposure in of_others:
        assert exposure["depends_on"]["nodes"], exposure["name"]
        assert set(exposure["depends_on"]["nodes"]) <= built, exposure["name"]


def test_the_fit_s_exposure_names_every_table_that_it_reads(manifest):
    code = "".join((ROOT / f"plugins/precrisis/{name}.py").read_text() for name in FIT)
    read = set(re.findall(r"(?:FROM|JOIN) (?:intermediate|marts)\.(\w+)", code))
    exposure = manifest["exposures"]["exposure.precrisis.baseline_fit"]
    assert {node.rsplit(".", 1)[1] for node in exposure["depends_on"]["nodes"]} == read


@pytest.mark.parametrize(
    ("name", "database"),
    [("city_safety_dashboard", "PreCrisis"), ("data_protection_dashboard", "PreCrisisOfficer")],
)
def test_a_dashboard_s_exposure_names_every_dataset_it_shows(manifest, name, database):
    exposure = manifest["exposures"][f"exposure.precrisis.{name}"]
    named = {node.rsplit(".", 1)[1] for node in exposure["depends_on"]["nodes"]}
    shown = {file.stem for file in (ROOT / f"infra/superset/assets/datasets/{database}").iterdir()}
    assert shown
    assert shown - named == set()


def test_every_mart_is_named_by_an_exposure_or_used_by_a_mart(manifest):
    """What nobody reads should not be built."""
    built = marts(manifest) | marts(manifest, "officer")
    wanted = {node for e in manifest["exposures"].values() for node in e["depends_on"]["nodes"]} | {
        node for mart in built.values() for node in mart["depends_on"]["nodes"]
    }
    unused = {name for name, mart in built.items() if mart["unique_id"] not in wanted}
    assert unused == set()
