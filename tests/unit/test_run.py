"""A plain step as a task body, and what a run's interval is."""

import datetime as dt
import inspect
from types import SimpleNamespace

import pytest

from precrisis import run as module
from precrisis.run import in_run, run_of

END = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def dag_run(**changes) -> SimpleNamespace:
    known = {
        "dag_id": "d", "run_id": "r", "data_interval_start": END - dt.timedelta(minutes=10),
        "data_interval_end": END, "run_after": END + dt.timedelta(hours=1),
    }  # fmt: skip
    return SimpleNamespace(**known | changes)


@pytest.fixture
def context(monkeypatch) -> dict:
    content = {"dag_run": dag_run(), "params": {"week_start": "2026-03-02"}}
    monkeypatch.setattr(module, "_context", lambda: content)
    return content


def test_a_scheduled_run_keeps_its_interval():
    run = run_of(dag_run())
    assert (run.interval_start, run.interval_end) == (END - dt.timedelta(minutes=10), END)


def test_a_run_without_interval_ends_when_it_was_asked_for():
    run = run_of(dag_run(data_interval_start=None, data_interval_end=None))
    assert run.interval_end == END + dt.timedelta(hours=1)
    assert run.interval_end - run.interval_start == dt.timedelta(hours=1)


def test_a_step_gets_its_run_and_airflow_sees_the_other_arguments(context):
    body = in_run(lambda batch, run: (len(batch), run.run_id))
    assert list(inspect.signature(body).parameters) == ["batch"]
    assert body(batch=[{"camera_id": "c"}, {"camera_id": "c"}]) == (2, "r")
    assert context["batch_label"] == "c (2)"


def test_a_task_for_a_source_is_labelled_with_it(context):
    body = in_run(lambda source_id, run: source_id)
    assert body(source_id="exports") == "exports"
    assert context["batch_label"] == "exports"


def test_a_step_that_wants_parameters_gets_them(context):
    body = in_run(lambda run, params: params["week_start"])
    assert list(inspect.signature(body).parameters) == []
    assert body() == "2026-03-02"


def test_a_step_keeps_its_name_and_docstring():
    def take_in(run):
        """Takes in."""

    assert (in_run(take_in).__name__, in_run(take_in).__doc__) == ("take_in", "Takes in.")
