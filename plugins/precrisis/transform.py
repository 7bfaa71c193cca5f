"""How dbt runs inside Airflow: one dbt process a build, one task a model (Cosmos, watcher mode)."""

import subprocess

from airflow.sdk import Asset, task
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

from precrisis.dag_defaults import Pool
from precrisis.run import Run
from precrisis.settings import ROOT

DBT = ROOT / "dbt"
UNTIL = "{{ (dag_run.data_interval_end or dag_run.run_after).isoformat() }}"


def project() -> ProjectConfig:
    """The dbt project with the end of the hours to build, taken from the run."""
    return ProjectConfig(
        dbt_project_path=DBT,
        manifest_path=DBT / "target" / "manifest.json",
        dbt_vars={"until": UNTIL},
    )


def profile() -> ProfileConfig:
    return ProfileConfig(
        profile_name="precrisis",
        target_name="warehouse",
        profiles_yml_filepath=DBT / "profiles.yml",
    )


def execution() -> ExecutionConfig:
    return ExecutionConfig(execution_mode=ExecutionMode.WATCHER)


def render(select: list[str] | None = None, exclude: list[str] | None = None) -> RenderConfig:
    """Tests run with their model; a failing one stops what depends on it."""
    return RenderConfig(
        load_method=LoadMode.DBT_MANIFEST,
        select=select or [],
        exclude=exclude or [],
        test_behavior=TestBehavior.AFTER_EACH,
    )


def one_build_at_a_time(group: DbtTaskGroup) -> None:
    """Two dbt processes that swap the same views break each other: the producer takes the pool.

    Only the producer runs dbt. The tasks beside it watch; their pool is smaller than the executor,
    or they could fill it while the producer waits for another build, and all would wait for ever.
    """
    members = list(group.iter_tasks())
    producers = [task for task in members if task.task_id.endswith("dbt_producer_watcher")]
    if len(producers) != 1:
        raise LookupError("the dbt task group has no producer: its execution mode is not WATCHER")
    for member in members:
        member.pool = Pool.WAREHOUSE if member is producers[0] else Pool.WAREHOUSE_WATCH


def announce(asset: Asset):
    """A last task that tells the next station."""

    @task(task_id="announce", outlets=[asset])
    def tell() -> None:
        """Emit the asset event."""

    return tell()


def build(run: Run, select: str) -> None:
    """Build some models in one dbt process (where a task a model would cost more than it shows).

    Raises:
        RuntimeError: a model or test failed; dbt's own message is in the task log.
    """
    command = ["dbt", "build", "--project-dir", str(DBT), "--profiles-dir", str(DBT)]
    command += ["--select", select, "--vars", f"{{until: '{run.interval_end.isoformat()}'}}"]
    result = subprocess.run(command, capture_output=True, text=True)
    print(result.stdout)
    if result.returncode:
        raise RuntimeError(f"dbt build of {select} failed; see the log above")
