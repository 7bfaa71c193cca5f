"""footage_ingest as Airflow runs it: what fails is seen, and stops nothing else.

Airflow has a database of its own here (SQLite), so that the stack's scheduler does not join in.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.stack.layout import ROOT
from tests import clips

RUN = """
import json, os
from airflow.dag_processing.dagbag import DagBag

dag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags["footage_ingest"]
for task in dag.tasks:  # retries only take time here
    if hasattr(task, "partial_kwargs"):
        task.partial_kwargs["retries"] = 0
    else:
        task.retries = 0
run = dag.test()
found = [[t.task_id, t.rendered_map_index, t.state] for t in run.get_task_instances()]
print("\\n" + json.dumps({"state": run.state, "tasks": found}))
"""
MORE_SOURCES = """
- source_id: not-mounted
  noun: footage_segment
  kind: folder
  address: ${PRECRISIS_SAMPLES}/not-mounted
  purpose_id: footage
- source_id: not-lawful
  noun: footage_segment
  kind: folder
  address: ${PRECRISIS_SAMPLES}/not-lawful
  purpose_id: records
"""


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    shutil.copy(ROOT / "dags" / "footage_ingest.py", home / "dags")
    airflow(home, "-m", "airflow", "db", "migrate")
    return home


def airflow(home: Path, *arguments: str) -> str:
    variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
    }
    call = [sys.executable, *arguments]
    result = subprocess.run(
        call, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout


def run_dag(home: Path) -> tuple[str, dict[tuple[str, str | None], str]]:
    """State of a run, and of each of its tasks by name and label."""
    told = json.loads(airflow(home, "-c", RUN).splitlines()[-1])
    return told["state"], {(name, label): state for name, label, state in told["tasks"]}


@pytest.fixture
def recording(world, films):
    folder = world.samples / "footage"
    return clips.offered(films, folder / "duomo-nord_20260301T100000Z.avi")


def test_a_source_that_can_t_be_read_turns_the_run_red_and_stops_no_other(
    world, recording, airflow_home
):
    (world.samples / "not-lawful").mkdir()
    clips.offered(recording, world.samples / "not-lawful" / "piazza-fiera_20260301T100000Z.avi")
    sources = world.pack / "sources.yaml"
    sources.write_text(sources.read_text() + MORE_SOURCES)
    register = (world.pack / "register.yaml").read_text()
    before, records = register.split("purpose_id: records")
    ended = records.replace("valid_until: 2035-12-31", "valid_until: 2021-01-31", 1)
    (world.pack / "register.yaml").write_text(f"{before}purpose_id: records{ended}")
    state, tasks = run_dag(airflow_home)
    assert state == "failed"
    assert tasks == {
        ("footage_sources", None): "success",
        ("find_recordings", "test-footage"): "success",
        ("find_recordings", "not-mounted"): "failed",
        ("find_recordings", "not-lawful"): "failed",
        ("gather", None): "success",
        ("take_in", "duomo-nord (1)"): "success",
        ("announce", None): "success",
        ("watch", None): "failed",
    }
    stored = world.rows("SELECT DISTINCT source_id, camera_id FROM raw.footage_segment")
    assert stored == [{"source_id": "test-footage", "camera_id": "duomo-nord"}]
    assert world.outcomes("list_source") == {
        "test-footage": "ok",
        "not-mounted": "failed",
        "not-lawful": "failed",
    }


def test_a_batch_that_fails_turns_the_run_red(world, recording, airflow_home):
    world.set_variable("PRECRISIS_S3_ENDPOINT", "127.0.0.1:9")
    state, tasks = run_dag(airflow_home)
    assert (state, tasks["take_in", "duomo-nord (1)"]) == ("failed", "failed")
    assert tasks["watch", None] == "failed"
    assert tasks["announce", None] != "success"


def test_a_run_in_which_nothing_fails_is_green(world, recording, airflow_home):
    state, tasks = run_dag(airflow_home)
    assert state == "success"
    assert tasks["take_in", "duomo-nord (1)"] == "success"
    assert tasks["announce", None] == "success"
    assert tasks["watch", None] == "skipped"


def test_a_run_with_nothing_new_is_green_and_announces_nothing(world, airflow_home):
    state, tasks = run_dag(airflow_home)
    assert state == "success"
    assert {name for (name, _), task in tasks.items() if task == "skipped"} == {
        "take_in",
        "announce",
        "watch",
    }
