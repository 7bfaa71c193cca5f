"""How dbt runs inside Airflow: one dbt process a build, one task a model (Cosmos, watcher mode)."""

from airflow.sdk import Asset, task
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

from precrisis.dag_defaults import Pool
from precrisis.dbt_build import NO_UNIT_TESTS, UNTIL
from precrisis.settings import ROOT

DBT = ROOT / "dbt"
PUBLISHED = ["path:models/marts", "path:models/offences", "path:models/officer"]


def project() -> ProjectConfig:
    """The dbt project with the end of the hours to build, taken from the run."""
    return ProjectConfig(
        dbt_project_path=DBT,
        manifest_path=DBT / "target" / "manifest.json",
        env_vars={UNTIL: "{{ (dag_run.data_interval_end or dag_run.run_after).isoformat() }}"},
    )


def profile() -> ProfileConfig:
    return ProfileConfig(
        profile_name="precrisis",
        target_name="warehouse",
        profiles_yml_filepath=DBT / "profiles.yml",
    )


def execution() -> ExecutionConfig:
    """One dbt process, the producer, builds all: also the views that have no task of their own."""
    return ExecutionConfig(
        execution_mode=ExecutionMode.WATCHER,
        setup_operator_args={"dbt_cmd_flags": ["--select", "path:models", *NO_UNIT_TESTS]},
    )


def render(exclude: list[str]) -> RenderConfig:
    """A task for each published model and one for its tests; a failing one stops what rests on it.

    The views before them have none: a task costs more than a second, and dbt's message is in the
    producer's log.
    """
    return RenderConfig(
        load_method=LoadMode.DBT_MANIFEST,
        select=PUBLISHED,
        exclude=exclude,
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
