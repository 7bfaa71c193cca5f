"""The log of runs: what ran, with what, on what, and what came of it - without content."""

import pytest

from infra.stack.layout import ROOT
from precrisis.outcome import Outcome, Refused, Step, StepFailed
from precrisis.version import code_sha256, pack_sha256


def work(item: str, outcome: Outcome) -> None:
    if item == "bad":
        raise Refused("readable", "it can't be read")
    if item == "lost":
        raise OSError("the store is gone")
    outcome.rows_in = outcome.rows_out = 2


def logged(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.audit_log WHERE action = 'run_done' ORDER BY entry_id")


def test_a_step_leaves_one_entry_with_model_code_configuration_and_outcome(world, run):
    step = Step("try_it", "post", run, role="analysis", model="encoder 3")
    step.each(["good", "fine", "bad"], str, work)
    (entry,) = logged(world)
    facts = entry["facts"]
    assert (entry["subject"], entry["run_id"]) == ("try_it", run.run_id)
    assert facts["model"] == "encoder 3"
    assert facts["code"] == code_sha256()
    assert facts["configuration"] == pack_sha256(world.pack)
    assert facts["outcomes"] == {"ok": 2, "quarantined": 1}
    assert (facts["rows_in"], facts["rows_out"]) == (4, 4)
    assert facts["window"] == [run.interval_start.isoformat(), run.interval_end.isoformat()]


def test_a_step_that_failed_is_logged_too_and_one_without_work_is_not(world, run):
    with pytest.raises(StepFailed):
        Step("try_it", "post", run, role="ingest").each(["lost"], str, work)
    Step("nothing", "post", run, role="ingest").each([], str, work)
    (entry,) = logged(world)
    assert entry["facts"]["outcomes"] == {"failed": 1}


def test_the_same_items_have_the_same_hash_whatever_their_order(world, run):
    for items in (["a", "b"], ["b", "a"], ["a", "c"]):
        Step("try_it", "post", run, role="ingest").each(items, str, work)
    first, second, third = (entry["facts"]["items"] for entry in logged(world))
    assert first == second != third


def test_a_changed_threshold_is_another_configuration(world):
    copied = pack_sha256(world.pack)
    assert copied == pack_sha256(ROOT / "tests" / "city")
    world.edit_pack("city.yaml", "name: Rivermouth\n", "name: Overmouth\n")
    pack_sha256.cache_clear()
    assert pack_sha256(world.pack) != copied
