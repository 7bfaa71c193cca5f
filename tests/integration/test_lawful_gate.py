"""The legal gate in a whole run: what it stops, and what it writes down."""

import ast
import datetime as dt
import shutil
from pathlib import Path

import pytest

from infra.stack.layout import ROOT
from precrisis.city import city
from precrisis.gate import NoBasis, authorise
from precrisis.posts.ingest import take_in_posts
from precrisis.records.incidents import take_in_incidents
from precrisis.run import Run

STARTS = "approved_on: 2020-01-15"


def log(world, action: str) -> list[dict]:
    return world.rows("SELECT * FROM ops.audit_log WHERE action = %s ORDER BY entry_id", action)


def change_purpose(world, purpose: str, old: str, new: str) -> None:
    file = world.pack / "register.yaml"
    before, entry = file.read_text().split(f"- purpose_id: {purpose}\n", 1)
    assert old in entry
    file.write_text(f"{before}- purpose_id: {purpose}\n{entry.replace(old, new, 1)}")
    world.edit_pack("city.yaml", "name: Rivermouth\n", "name: Rivermouth\n")  # read anew


def test_what_was_allowed_is_logged_once_a_run_with_its_basis(world, run):
    source = city().source("test-footage")
    for _ in range(3):
        authorise(source, run, "ingest")
    (entry,) = log(world, "run_allowed")
    assert (entry["subject"], entry["run_id"]) == ("test-footage", run.run_id)
    assert entry["facts"]["act"] == "Test act 1"
    assert entry["facts"]["masking"] == city().masking_sha256


STOPS = {
    "G1_expired": ("valid_until: 2035-12-31", "valid_until: 2021-12-31", "expired"),
    "G5_masking": ('masking_sha256: "', 'masking_sha256: "0', "another masking"),
    "G9_notice": ("retention_hours: 96", "retention_hours: 72", "published notice"),
    "G10_approved_later": (STARTS, "approved_on: 2034-01-15", "approved only"),
    "G11_objection": (
        "mode: statistics",
        "mode: statistics\n    objections: [{reference: '12', raised_by: authority, "
        "raised_on: 2026-01-01}]",
        "objection",
    ),
}


@pytest.mark.parametrize("row", STOPS)
def test_G1_G5_G9_G10_G11_stop_a_run_before_it_reads_and_are_logged(world, run, row):
    old, new, rule = STOPS[row]
    shutil.copy(ROOT / "infra" / "samples" / "incidents.csv", world.samples / "records")
    change_purpose(world, "records", old, new)
    with pytest.raises(Exception, match="NoBasis"):
        take_in_incidents(run)
    assert world.rows("SELECT 1 FROM raw.incident") == []
    assert world.outcomes("take_in_incidents") == {"test-incidents": "failed"}
    (entry,) = log(world, "run_refused")
    assert rule in entry["facts"]["rule"]


def test_G10_an_approval_dated_after_the_first_run_it_covers_stops(world, run):
    source = city().source("test-footage")
    authorise(source, run, "ingest")
    tomorrow = dt.date.today() + dt.timedelta(days=1)
    change_purpose(world, "footage", STARTS, f"approved_on: {tomorrow}")
    later = Run(run.dag_id, "later", run.interval_start, run.interval_end + dt.timedelta(days=3))
    with pytest.raises(NoBasis, match="after the first run"):
        authorise(city().source("test-footage"), later, "ingest")
    change_purpose(world, "footage", 'version: "1.0"', 'version: "2.0"')
    authorise(city().source("test-footage"), later, "ingest")  # a new version may start


def test_G1_a_run_whose_refusal_can_not_be_logged_does_not_run_either(world, run):
    world.rows("REVOKE EXECUTE ON FUNCTION ops.append_audit FROM ingest")
    try:
        with pytest.raises(Exception, match="permission denied"):
            take_in_posts(run)
        assert world.store.keys("restricted") == []
    finally:
        world.rows("GRANT EXECUTE ON FUNCTION ops.append_audit TO ingest")


# Modules that read what comes from outside or from the restricted zone, and the step that does.
READERS = {
    "footage/listing.py", "footage/ingest.py", "footage/analyse.py", "footage/stills.py",
    "footage/watch.py", "footage/orphans.py", "footage/calibrate.py",
    "footage/scorecard.py", "posts/ingest.py", "posts/analyse.py", "records/incidents.py",
    "records/taking_in.py", "posts/watch_reader.py", "places.py",
    "sharing/permission.py",
    "forecast/steps.py", "timetables.py", "risk.py",
}  # fmt: skip


def test_G1_every_module_that_reads_sources_or_the_restricted_zone_passes_the_gate():
    """Found by what they import: a new ingest that forgets the gate fails here."""
    folder = ROOT / "plugins" / "precrisis"
    reading = set()
    for file in folder.rglob("*.py"):
        text = file.read_text()
        is_reader = "sources_of(" in text or ('"restricted"' in text and "store.fetch" in text)
        if is_reader and "def sources_of" not in text:
            reading.add(str(file.relative_to(folder)))
            asks = {"authorise", "basis", "from_each_source"} & _called(file)
            assert asks, f"{file.name} reads without asking the gate"
    assert reading <= READERS


def _called(file: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return {getattr(call.func, "id", getattr(call.func, "attr", "")) for call in calls}
