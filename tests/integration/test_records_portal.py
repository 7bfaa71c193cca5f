"""incidents_ingest from an open-data portal: through the same door, and only for what is new."""

import pytest

from precrisis.outcome import StepFailed
from precrisis.records import incidents
from precrisis.records.incidents import take_in_incidents
from precrisis.run import Run
from tests.records_portal import collection, feature, publishing

ENTRY = """
- source_id: open-data
  noun: incident
  kind: records_api
  address: {origin}/items
  purpose_id: records
  api:
    fields: {{source_id: id, category: tipo, occurred_from: inizio, occurred_to: fine}}
    fixed: {{accuracy_m: "25", found_by: reported}}
"""
FILE = """source_id,category,occurred_from,occurred_to,longitude,latitude,accuracy_m,found_by
inc-1,theft,2026-03-06T18:00:00+00:00,2026-03-06T18:30:00+00:00,11.1215,46.0673,15,reported
"""
STORED = "SELECT source_id FROM raw.incident WHERE source = 'open-data' ORDER BY 1"
STATUS = "SELECT status FROM ops.outcome WHERE item_key = 'open-data' AND run_id = %s"


@pytest.fixture
def portal(world):
    (world.samples / "records" / "incidents.csv").write_text(FILE)
    with publishing() as (origin, served):
        world.add_sources(ENTRY.format(origin=origin))
        served.pages = {"/items": collection(feature(1), feature(2, tipo="unheard of"))}
        yield served


def taken_in(world, run: Run, name: str) -> str:
    """Take in as the run of a name, and say what became of the portal."""
    take_in_incidents(Run(run.dag_id, name, run.interval_start, run.interval_end))
    return world.rows(STATUS, name)[0]["status"]


def test_what_a_portal_offers_comes_through_the_door_and_only_once(world, portal, run):
    assert taken_in(world, run, "first") == "ok"
    assert world.rows(STORED) == [{"source_id": "ev-1"}]
    assert ("open-data/ev-2", "category_known") in world.quarantined("incident")
    assert taken_in(world, run, "second") == "unchanged"
    portal.pages = {"/items": collection(feature(1), feature(3))}
    assert taken_in(world, run, "third") == "ok"
    assert world.rows(STORED) == [{"source_id": "ev-1"}, {"source_id": "ev-3"}]


def test_what_could_not_be_loaded_is_asked_for_again(world, portal, run, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(incidents.door, "load", lambda *_: 1 / 0)
        with pytest.raises(StepFailed):
            taken_in(world, run, "first")
    assert taken_in(world, run, "second") == "ok"
    assert world.rows(STORED) == [{"source_id": "ev-1"}]


def test_somebody_named_in_a_record_keeps_that_record_out(world, portal, run):
    portal.pages = {"/items": collection(feature(1), feature(2, tipo="mario.rossi@example.org"))}
    taken_in(world, run, "first")
    assert ("open-data/row 2", "row_names_nobody") in world.quarantined("incident")
    assert world.rows(STORED) == [{"source_id": "ev-1"}]


def test_a_new_field_of_the_portal_keeps_all_of_it_out(world, portal, run):
    portal.pages = {"/items": collection(feature(1, denunciante="somebody"))}
    assert taken_in(world, run, "first") == "quarantined"
    assert [rule for _, rule in world.quarantined("incident")] == ["columns_known"]
