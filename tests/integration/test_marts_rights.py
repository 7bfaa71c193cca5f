"""Who sees which row of what dbt built: districts for partners, a schema apart for offences."""

import datetime as dt
import os
from contextlib import suppress

import psycopg
import pytest

from infra.stack.layout import WAREHOUSE_ROLES
from precrisis.reports.queries import read_week
from precrisis.warehouse import connect
from tests import marts
from tests.integration.conftest import DATABASE
from tests.marts import HOUR, incident, window

BY_DISTRICT = {
    "dim_zone", "dim_camera", "dim_site", "fct_camera_window", "fct_camera_day", "fct_video_event",
    "fct_post_theme_hour", "fct_incident", "fct_zone_hour", "fct_zone_latest",
    "fct_site_vulnerability", "fct_calendar_event", "fct_forecast", "fct_forecast_window",
    "fct_hot_spot", "fct_event_score", "fct_flow_hour",
    "fct_perception", "fct_disorder", "fct_measure_effect", "fct_place_profile",
}  # fmt: skip
NOT_FOR_PARTNERS = {
    "fct_alert", "fct_data_health", "fct_quarantine", "fct_forecast_score", "fct_near_repeat",
    "fct_risk_covariate",
    "fct_post_language_day", "fct_site_threat", "fct_forecast_split",
}  # fmt: skip
OFFENCES = {"fct_incident_point", "fct_offence_event"}


@pytest.fixture
def built(town):
    """Marts with rows in both districts, and an intrusion at an exact second."""
    for n, zone_id in enumerate(("town-square", "market-square", "river-park")):
        window(town, zone_id, 24, n)
    window(town, "market-square", 12, 7, camera_id="piazza-fiera")
    town.rows(
        "INSERT INTO raw.video_event VALUES ('e1', 'piazza-fiera', 'market-square', 'intrusion', "
        "%s, %s, 0.8, '1')",
        HOUR + dt.timedelta(seconds=70), HOUR + dt.timedelta(seconds=80),
    )  # fmt: skip
    for n, zone in enumerate(town.rows(
        "SELECT st_x(st_centroid(geom)) AS x, st_y(st_centroid(geom)) AS y "
        "FROM raw.place WHERE kind = 'zone'"
    )):  # fmt: skip
        incident(town, n, zone["x"], zone["y"])
    marts.build()
    return town


def allow(town, role: str, district: str, valid_until: str = "2099-12-31") -> None:
    town.rows(
        "INSERT INTO ops.district_grant VALUES (%s, %s, 'Agreement 1', %s)",
        role, district, valid_until,
    )  # fmt: skip


def districts(connection: psycopg.Connection) -> dict[str, set[str]]:
    """The districts that a role finds in each mart; a mart that it may not read is left out."""
    found = {}
    for mart in BY_DISTRICT | NOT_FOR_PARTNERS:
        try:
            with connection.transaction():
                rows = connection.execute(f"SELECT to_jsonb(t) AS row FROM marts.{mart} AS t")
                found[mart] = {row["row"].get("district") for row in rows.fetchall()}
        except psycopg.errors.InsufficientPrivilege:
            continue
    return found


def test_a_partner_sees_its_districts_also_after_a_rebuild_and_nothing_once_it_ends(built):
    rows = built.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'"
    )
    assert {row["table_name"] for row in rows} == BY_DISTRICT | NOT_FOR_PARTNERS
    allow(built, "partner", "Riverside")
    with connect("partner") as connection:
        first = districts(connection)
    assert set(first) == BY_DISTRICT
    assert set().union(*first.values()) == {"Riverside"}
    assert {m for m, d in first.items() if d} >= {"dim_zone", "fct_camera_window", "fct_incident",
                                                  "fct_zone_hour", "fct_video_event"}  # fmt: skip
    for role in ("bi_reader", "analysis"):  # dashboards, reports and alerts see the whole city
        with connect(role) as connection:
            found = districts(connection)
        assert set(found) == BY_DISTRICT | NOT_FOR_PARTNERS
        assert found["dim_zone"] == found["fct_zone_hour"] == {"Old Town", "Riverside"}
    marts.build()  # tables are made anew, incremental ones are kept
    with connect("partner") as connection:
        assert districts(connection) == first
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM ops.district_grant")
    built.rows("UPDATE ops.district_grant SET valid_until = current_date - 1")
    with connect("partner") as connection:
        assert set().union(*districts(connection).values()) == set()
    logged = built.rows(
        "SELECT facts FROM ops.audit_log WHERE subject = 'ops.district_grant/partner' "
        "ORDER BY entry_id"
    )
    assert [row["facts"]["command"] for row in logged] == ["INSERT", "UPDATE"]


def test_a_member_of_partner_sees_what_it_was_granted_and_not_what_the_group_was(built):
    member = f"partner_{os.getpid()}"
    built.rows(f"CREATE ROLE {member} LOGIN PASSWORD 'member' IN ROLE partner")
    try:
        allow(built, "partner", "Riverside")
        allow(built, member, "Old Town")
        dsn = built.stack.dsn("partner", DATABASE)
        password = built.stack.passwords["postgres:partner"]
        dsn = dsn.replace(f"partner:{password}", f"{member}:member")
        query = "SELECT DISTINCT district FROM marts.dim_zone"
        with psycopg.connect(dsn) as connection:
            assert connection.execute(query).fetchall() == [("Old Town",)]
            connection.execute("SET ROLE partner")
            assert connection.execute(query).fetchall() == [("Old Town",)]
    finally:
        built.rows(f"DROP ROLE {member}")


def may_read(role: str, tables: set[str]) -> set[str]:
    read = set()
    with connect(role) as connection:
        for table in tables:
            with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
                assert connection.execute(f"SELECT * FROM {table}").fetchall()
                read.add(table)
    return read


def test_G7_single_offences_are_apart_and_the_marts_know_them_by_zone_and_hour_only(built):
    offences = {f"offences.{table}" for table in OFFENCES}
    readers = {role for role in WAREHOUSE_ROLES if may_read(role, offences)}
    assert readers == {"transformer", "offence_reader"}
    assert may_read("offence_reader", offences) == offences
    assert (
        may_read("offence_reader", {"marts.dim_zone", "raw.incident", "raw.video_event"}) == set()
    )

    exact = built.rows("SELECT * FROM offences.fct_offence_event")
    coarse = built.rows("SELECT * FROM marts.fct_video_event WHERE kind = 'intrusion'")
    assert [row["camera_id"] for row in exact] == ["piazza-fiera"]
    assert {row["started_at"] for row in coarse} == {HOUR}
    assert {(row["camera_id"], row["camera_name"]) for row in coarse} == {(None, None)}
    assert {row["event_id"] for row in coarse}.isdisjoint(row["event_id"] for row in exact)
    points = built.rows("SELECT * FROM offences.fct_incident_point")
    counts = built.rows("SELECT * FROM marts.fct_incident")
    assert len(points) == sum(row["incident_count"] for row in counts) == 3
    assert set(counts[0]) == {
        "zone_id", "zone_name", "district", "local_date", "category", "iccs_code", "incident_count",
        "patrol_count",
    }  # fmt: skip
    with connect("bi_reader") as connection:
        week = read_week(connection, HOUR.date() - dt.timedelta(days=3), "UTC", None, 50, 0.5)
    assert [(row["this_week"], row["mean_before"]) for row in week.incidents] == [(3, 0)]
    rows = built.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'offences'"
    )
    assert {row["column_name"] for row in rows} == {
        "event_id", "camera_id", "camera_name", "zone_id", "zone_name", "district", "kind",
        "started_at", "ended_at", "confidence", "model_version", "longitude", "latitude", "source",
        "source_id", "category", "iccs_code", "occurred_from_at", "occurred_to_at",
        "occurred_mid_at", "accuracy_m", "found_by", "geom",
    }  # fmt: skip
