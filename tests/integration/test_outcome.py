"""Outcome rows: one per item, also when it failed; the batch goes on; the step fails at its end."""

import logging

import pytest

from precrisis.outcome import Refused, Step, StepFailed
from precrisis.run import Run

LIMB = "item text that must stay out"


def work(item: str, outcome) -> None:
    outcome.rows_in = 3
    if item == "refused":
        raise Refused("too_odd", "it is too odd")
    if item == "broken":
        raise ConnectionError(LIMB)
    outcome.rows_out = 2


def rows(world) -> dict[str, tuple]:
    found = world.rows("SELECT * FROM ops.outcome ORDER BY ended_at")
    return {r["item_key"]: (r["status"], r["rows_in"], r["rows_out"], r["detail"]) for r in found}


def test_each_item_has_its_outcome_and_a_failure_raises_only_at_the_end(world, run):
    step = Step("test_step", "post", run, role="ingest")
    with pytest.raises(
        StepFailed, match=r"1 of 3 items failed \(first: broken \(ConnectionError\)"
    ):
        step.each(["broken", "refused", "good"], str, work)
    assert rows(world) == {
        "broken": ("failed", 3, 0, "ConnectionError"),
        "refused": ("quarantined", 3, 0, "too_odd: it is too odd"),
        "good": ("ok", 3, 2, ""),
    }
    assert world.quarantined("post") == {("refused", "too_odd")}


def test_refusals_alone_do_not_fail_a_step(world, run):
    done = Step("test_step", "post", run, role="ingest").each(["refused", "good"], str, work)
    assert [outcome.status for outcome in done] == ["quarantined", "ok"]


def test_a_retry_of_the_same_run_replaces_the_outcome_and_another_run_adds_one(world, run):
    with pytest.raises(StepFailed):
        Step("test_step", "post", run, role="ingest").each(["broken"], str, work)
    Step("test_step", "post", run, role="ingest").each(["broken"], str, lambda item, outcome: None)
    assert rows(world) == {"broken": ("ok", 0, 0, "")}
    another = Run(run.dag_id, "another", run.interval_start, run.interval_end)
    Step("test_step", "post", another, role="ingest").each(["broken"], str, lambda i, o: None)
    assert world.rows("SELECT count(*) AS n FROM ops.outcome") == [{"n": 2}]


def test_the_message_of_an_unexpected_error_is_in_no_table(world, run):
    with pytest.raises(StepFailed) as failed:
        Step("test_step", "post", run, role="ingest").each(["broken"], str, work)
    assert LIMB not in str(failed.value)
    assert world.rows("SELECT 1 FROM ops.outcome AS o WHERE o::text LIKE %s", f"%{LIMB}%") == []


def test_an_item_refused_for_two_reasons_is_in_quarantine_under_both(world, run):
    def odd(item, outcome):
        raise Refused(item, "a reason")

    step = Step("test_step", "post", run, role="ingest")
    step.each(["first_rule", "second_rule", "first_rule"], lambda item: "same", odd)
    assert world.quarantined("post") == {("same", "first_rule"), ("same", "second_rule")}
    counts = world.rows("SELECT rule, seen_count FROM ops.quarantine ORDER BY rule")
    assert [row["seen_count"] for row in counts] == [2, 1]


def test_outcomes_are_logged_by_key_and_status(world, run, caplog):
    caplog.set_level(logging.INFO, logger="precrisis")
    Step("test_step", "post", run, role="ingest").each(["good"], str, work)
    assert "test_step good: ok" in caplog.text
