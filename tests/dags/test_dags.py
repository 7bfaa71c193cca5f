"""Every DAG file: it loads, explains itself, is thin, and is chained to the others as drawn."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from precrisis.dag_defaults import Pool

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
NAMES = [file.stem for file in FILES]
BY_NAME = pytest.mark.parametrize("name", NAMES)

# What each DAG waits for and what it announces: the picture in the README.
WAITS_FOR = {
    "footage_analyse": {"footage_segment"},
    "posts_analyse": {"post"},
    "warehouse_build": {"camera_observation", "post_signal"},
    "risk_score": {"warehouse"},
    "alerts_raise": {"zone_hour"},
}
ANNOUNCES = {
    "city_ingest": {"place", "stop_service", "calendar_event", "weather_hour"},
    "incidents_ingest": {"incident", "disorder_audit", "survey_answer"},
    "footage_ingest": {"footage_segment"},
    "footage_analyse": {"camera_observation", "video_event"},
    "models_evaluate": {"event_label"},
    "posts_ingest": {"post"},
    "posts_analyse": {"post_signal"},
    "warehouse_build": {"warehouse"},
    "risk_score": {"zone_hour"},
    "alerts_raise": {"alert"},
    "reports_publish": {"report"},
}
HEAVY = (
    "torch", "cv2", "transformers", "onnxruntime", "great_expectations", "pandas", "matplotlib",
    "weasyprint", "sklearn", "shap",
)  # fmt: skip


@pytest.fixture(scope="module")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(ROOT / "dags"))


def test_there_are_dags_and_one_a_file_under_its_name(bag):
    assert len(NAMES) >= 16
    assert bag.import_errors == {}
    assert {dag_id: Path(dag.fileloc).stem for dag_id, dag in bag.dags.items()} == {
        name: name for name in NAMES
    }


@BY_NAME
def test_a_dag_says_what_goes_in_what_comes_out_and_what_to_do(bag, name):
    doc = bag.dags[name].doc_md or ""
    missing = [
        word for word in ("**In**", "**Out**", "**Rerun**", "**If it fails**") if word not in doc
    ]
    assert missing == []


@BY_NAME
def test_a_dag_has_one_stage_among_its_tags_and_a_noun(bag, name):
    from precrisis.dag_defaults import Tag

    tags = set(bag.dags[name].tags)
    stages = tags & {tag.value for tag in Tag}
    assert len(stages) == 1
    assert tags - stages


@BY_NAME
def test_runs_do_not_overlap_and_tasks_are_retried(bag, name):
    dag = bag.dags[name]
    assert dag.catchup is False
    if name == "alerts_review":  # one run an alert, side by side, each waiting for a person
        assert dag.max_active_runs > 1
        return
    assert dag.max_active_runs == 1
    assert {task.task_id for task in dag.tasks if task.retries < 1} == set()


@BY_NAME
def test_a_dag_waits_for_the_assets_drawn(bag, name):
    waited = assets_of(bag.dags[name].timetable.asset_condition)
    assert waited == WAITS_FOR.get(name, set())


def assets_of(condition) -> set[str]:
    """Names in a condition of assets, however nested (a timetable's are of Airflow's core)."""
    from airflow.sdk import Asset

    if isinstance(condition, Asset):
        return {condition.name}
    if hasattr(condition, "iter_assets"):
        return {asset.name for _, asset in condition.iter_assets()}
    return set().union(*map(assets_of, getattr(condition, "objects", ())))


@BY_NAME
def test_a_dag_announces_the_assets_drawn(bag, name):
    announced = {outlet.name for task in bag.dags[name].tasks for outlet in task.outlets}
    assert announced == ANNOUNCES.get(name, set())


def test_every_asset_waited_for_is_announced_by_one_dag():
    makers = [asset for announced in ANNOUNCES.values() for asset in announced]
    assert len(makers) == len(set(makers))
    assert set().union(*WAITS_FOR.values()) <= set(makers)


@BY_NAME
def test_a_mapped_task_has_a_label(bag, name):
    from airflow.sdk.definitions.mappedoperator import MappedOperator

    mapped = [task for task in bag.dags[name].tasks if isinstance(task, MappedOperator)]
    bare = {t.task_id for t in mapped if not t.partial_kwargs.get("map_index_template")}
    assert bare - {"ask"} == set()  # `ask` only turns an alert into a run's parameters


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_dag_file_is_thin(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 70
    tree = ast.parse(text)
    imported = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for part in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    }
    assert imported & {"os", "Variable", "psycopg", "requests", "subprocess", "pandas"} == set()
    words = {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value != ast.get_docstring(tree, clean=False)
        for word in node.value.upper().split()
    }
    assert words & {"SELECT", "INSERT", "UPDATE", "DELETE", "FROM"} == set()


def test_parsing_loads_no_heavy_library():
    """All files in one fresh process: whatever any of them loads is named."""
    program = (
        "import runpy, sys\n"
        "for file in sys.argv[1:]:\n"
        "    runpy.run_path(file)\n"
        f"    print([file for name in {HEAVY!r} if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, FILES)], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr[-600:]
    said = [line for line in result.stdout.splitlines() if line.startswith("[")]
    assert said == ["[]"] * len(FILES)


def test_pools_that_tasks_name_are_those_the_stack_makes(bag):
    known = json.loads((ROOT / "infra" / "airflow" / "pools.json").read_text())
    used = {task.pool for dag in bag.dags.values() for task in dag.tasks}
    assert used - {"default_pool"} <= set(known)


def test_only_one_dbt_process_runs_at_a_time(bag):
    """Two that swap the same views break each other; sensors must not hold the one slot."""
    pools = json.loads((ROOT / "infra" / "airflow" / "pools.json").read_text())
    holders = {
        task.task_id
        for dag in bag.dags.values()
        for task in dag.tasks
        if task.pool == Pool.WAREHOUSE
    }
    assert pools["warehouse"]["slots"] == 1
    assert holders == {"dbt.dbt_producer_watcher", "build_index", "build_forecast"}


def test_tasks_that_watch_a_build_can_not_fill_the_executor(bag):
    """They wait for the producer, and would keep its slot from it for ever."""
    from infra.stack import environment
    from infra.stack.layout import Stack

    pools = json.loads((ROOT / "infra" / "airflow" / "pools.json").read_text())
    parallelism = environment.airflow(Stack.from_environment())["AIRFLOW__CORE__PARALLELISM"]
    watching = {t.pool for t in bag.dags["warehouse_build"].tasks if "dbt." in t.task_id}
    assert watching == {Pool.WAREHOUSE, Pool.WAREHOUSE_WATCH}
    assert pools["warehouse_watch"]["slots"] < int(parallelism)
