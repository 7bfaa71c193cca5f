"""The data-protection officer's page: the figures of the documents, readable by one role alone."""

import datetime as dt
from dataclasses import astuple, dataclass

import psycopg
import pytest

from infra.stack.layout import WAREHOUSE_ROLES
from precrisis import audit
from precrisis.audit import Action
from precrisis.city import city
from precrisis.documents.figures import read_figures
from precrisis.register_rows import expiry_rows, write_register
from precrisis.warehouse import connect
from tests import marts

NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
REASON = "Request 12/2026 of the person concerned"


@dataclass(frozen=True)
class Stored:
    """An object of the ledger."""

    bucket: str
    object_key: str
    noun: str
    stored_at: dt.datetime
    due_at: dt.datetime
    deleted_at: dt.datetime | None = None


OBJECTS = (
    Stored("restricted", "a", "footage_segment", NOW - 30 * HOUR, NOW - 6 * HOUR),
    Stored("restricted", "b", "footage_segment", NOW - 2 * HOUR, NOW + 22 * HOUR),
    Stored("restricted", "c", "post", NOW - 90 * HOUR, NOW - 42 * HOUR, NOW - 42 * HOUR),
    Stored("published", "d", "report", NOW - 200 * HOUR, NOW - HOUR / 2),
)


@pytest.fixture
def page(town, run):
    """A town in which each thing the page shows has happened, and dbt's views on it."""
    for stored in OBJECTS:
        town.rows(
            "INSERT INTO ops.object_ledger (bucket, object_key, noun, stored_at, due_at, "
            "deleted_at, sha256, size_bytes) VALUES (%s, %s, %s, %s, %s, %s, '', 1)",
            *astuple(stored),
        )
    town.rows(
        "INSERT INTO ops.deletion_receipt "
        "VALUES (1, 'restricted', 'c', '', %s, %s, 'due', '', 'x')",
        NOW - 42 * HOUR, NOW - 42 * HOUR,
    )  # fmt: skip
    for run_id in ("known", "stray"):
        town.rows(
            "INSERT INTO ops.outcome (step, item_key, run_id, dag_id, status, started_at, ended_at)"
            " VALUES ('take_in_posts', 'p', %s, 'feeds_ingest', 'ok', now(), now())",
            run_id,
        )
    refusal = {"rule": "its act expired on 2026-01-01"}
    audit.append("ingest", Action.RUN_REFUSED, "test-feed", run_id="known", facts=refusal)
    for action in (Action.CONSULTATION, Action.DISCLOSURE, Action.UNMASKING):
        audit.append("analysis", action, "p", actor="officer", reason=REASON)
    audit.append("auditor", Action.LOG_CHECKED, "ops.audit_log")
    town.rows(
        "INSERT INTO ops.incident_mode (camera_id, starts_at, ends_at, opened_by, act, reason) "
        "VALUES ('duomo-nord', now(), now() + interval '2 hours', 'operator', 'Act 9', %s)",
        REASON,
    )
    marts.build(verb="build", only="officer")
    return town


def figures_of(world) -> dict:
    (found,) = world.rows("SELECT * FROM officer.fct_lawfulness")
    return found


def test_the_page_shows_the_same_figures_as_the_documents(page):
    with connect("auditor") as connection:
        said = read_figures(connection, dt.datetime.now(dt.UTC))
    shown = figures_of(page)
    assert {name: said[name] for name in said if name in shown} == {
        name: shown[name] for name in said if name in shown
    }
    assert set(said) - set(shown) == {
        "quarantined", "alerts", "reviews", "attacks_on_marts", "attacks_on_marts_worked",
    }  # fmt: skip
    seen = ("runs_without_basis", "runs_refused", "objects_past_due", "longest_kept_h")
    assert [shown[name] for name in seen] == [1, 1, 1, 30]
    assert shown["consultations"] == 3
    assert shown["log_checked_at"] is not None


def test_what_the_gate_decided_is_counted_by_day_and_source_with_its_rule(page):
    found = page.rows("SELECT * FROM officer.fct_gate_day WHERE source_id = 'test-feed'")
    assert [(row["allowed_count"], row["refused_count"]) for row in found] == [(0, 1)]
    assert found[0]["last_rule"] == "its act expired on 2026-01-01"
    allowed = page.rows("SELECT sum(allowed_count)::int AS n FROM officer.fct_gate_day")[0]["n"]
    assert allowed == figures_of(page)["runs_allowed"] > 0


def test_what_is_kept_and_deleted_is_counted_by_noun(page):
    found = {row["noun"]: row for row in page.rows("SELECT * FROM officer.fct_retention")}
    counted = ("stored_count", "past_due_count", "deleted_count", "longest_planned_h")
    assert [found["footage_segment"][name] for name in counted] == [2, 1, 0, 24]
    assert [found["post"][name] for name in counted] == [0, 0, 1, 48]
    # Half an hour late: the hourly deletion has not run yet.
    assert found["report"]["past_due_count"] == 0
    deleted = page.rows("SELECT noun, deletion_count FROM officer.fct_deletion_day")
    assert deleted == [{"noun": "post", "deletion_count": 1}]


def test_who_looked_and_who_opened_incident_mode_is_listed_with_the_reason(page):
    found = page.rows("SELECT action, actor, reason FROM officer.fct_disclosure ORDER BY entry_id")
    assert [row["action"] for row in found] == ["consultation", "disclosure", "unmasking"]
    assert {(row["actor"], row["reason"]) for row in found} == {("officer", REASON)}
    (opened,) = page.rows("SELECT * FROM officer.fct_incident_mode")
    assert (opened["opened_by"], opened["act"], opened["is_open"]) == ("operator", "Act 9", True)


def test_every_end_in_the_city_pack_is_listed_and_the_first_is_the_figure(page):
    found = page.rows("SELECT kind, item_id, days_left FROM officer.fct_expiry ORDER BY days_left")
    assert {(row["kind"], row["item_id"]) for row in found} == {
        (row["kind"], row["item_id"]) for row in expiry_rows(city())
    }
    assert {row["kind"] for row in found} == {"act", "agreement", "threshold", "alert_rule"}
    today = dt.datetime.now(city().timezone).date()
    first = min(row["expires_on"] for row in expiry_rows(city()))
    assert found[0]["days_left"] == figures_of(page)["days_to_next_expiry"] == (first - today).days


def test_an_open_objection_shows_and_what_the_pack_no_longer_has_goes(page):
    assert figures_of(page)["open_objections"] == 0
    objection = (
        'objections: [{reference: "DPO 7", raised_by: data-protection officer, '
        "raised_on: 2026-01-02}]\n"
    )
    page.edit_pack("register.yaml", "purpose_id: voice\n", f"purpose_id: voice\n    {objection}")
    write_as_ingest()
    (found,) = page.rows("SELECT item_id, reference, title, days_open FROM officer.fct_objection")
    assert (found["item_id"], found["reference"]) == ("voice", "DPO 7")
    assert found["title"] == city().purpose("voice").title[city().language]
    assert figures_of(page)["open_objections"] == 1
    purposes = "SELECT purpose_id FROM officer.fct_purpose WHERE open_objections > 0"
    assert page.rows(purposes) == [{"purpose_id": "voice"}]
    page.edit_pack("register.yaml", f"    {objection}", "")
    write_as_ingest()
    assert page.rows("SELECT * FROM officer.fct_objection") == []


def test_only_the_officer_reads_who_looked_and_why(page):
    views = page.rows(
        "SELECT table_name AS name FROM information_schema.views WHERE table_schema = 'officer'"
    )
    assert len(views) == 10
    for role in WAREHOUSE_ROLES:
        with connect(role) as connection:
            seen = {view["name"] for view in views if can_read(connection, view["name"])}
        may = role in ("officer_reader", "transformer")
        assert seen == ({view["name"] for view in views} if may else set()), role


def test_the_officer_s_role_reads_nothing_beside_the_page(page):
    with connect("officer_reader") as connection:
        for table in ("ops.audit_log", "raw.post", "marts.fct_alert", "offences.fct_offence_event"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT FROM {table}")


def write_as_ingest() -> None:
    with connect("ingest") as connection:
        write_register(connection, city())


def can_read(connection, view: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(f"SELECT FROM officer.{view}")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
