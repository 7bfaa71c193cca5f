"""Everything between `git clone` and running services; each step is quick when already done."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra.stack import cluster, environment, objectstore, probes, programs, samples, transport
from infra.stack.layout import AIRFLOW_USERS, ROOT, Stack, write_private

START = time.monotonic()


def say(text: str) -> None:
    """One line per step, with the time since the command began."""
    elapsed = int(time.monotonic() - START)
    print(f"{elapsed // 60:2d}:{elapsed % 60:02d}  {text}", flush=True)


def fetch(stack: Stack) -> None:
    """Bring model weights and the sample clip into the cache, checked by their sha256."""
    say("model weights and sample footage")
    stack.logs.mkdir(parents=True, exist_ok=True)
    _run(stack, [programs.PYTHON, "-m", "models.weights", "fetch", str(stack.cache / "weights")])
    samples.fetch_footage(stack)


def prepare(stack: Stack) -> None:
    """Folders, passwords, cluster, weights and samples: all that needs no running service."""
    transport.prepare(stack)
    stack.logs.mkdir(parents=True, exist_ok=True)
    environment.write_env_file(stack)
    objectstore.configure(stack)
    _run(stack, [programs.PYTHON, "-m", "precrisis.zone_keys", "make"])
    _run(stack, [programs.PYTHON, "-m", "precrisis.sharing.signing"])
    _run(stack, [programs.PYTHON, "-m", "precrisis.alerts.cap_signing"])
    users = {user: stack.passwords[f"airflow:{user}"] for user in AIRFLOW_USERS}
    write_private(stack.state / "secrets" / "airflow-users.json", json.dumps(users))
    if cluster.create(stack):
        say("database cluster created")
    transport.hand_to_postgres(stack, cluster.folder(stack), cluster.run_as())
    fetch(stack)
    samples.lay_out(stack)


def start(stack: Stack) -> None:
    """Start every service, migrating the metadata databases first where needed.

    Raises:
        SystemExit: a service does not answer in time; its last log lines are printed.
    """
    programs.start_supervisor(stack)
    _await(stack, {"database": probes.postgres_port, "object store port": probes.objectstore_port})
    cluster.apply_schema(stack)
    owner = {"PRECRISIS_OWNER_DSN": stack.dsn("owner")}
    _run(stack, [programs.PYTHON, "-m", "precrisis.sharing.grants"], owner)
    say("database roles and tables")
    _migrate(stack)
    objectstore.make_buckets(stack)
    programs.control(stack, "start", "all")
    _await(stack, probes.SERVICES, timeout_s=240)


def _migrate(stack: Stack) -> None:
    """Bring Airflow, Superset and dbt to this checkout's versions, once per lock."""
    jobs: dict[str, Callable[[], None]] = {
        "airflow": lambda: _initialise_airflow(stack),
        "superset": lambda: _initialise_superset(stack),
        "dbt": lambda: _run(
            stack, ["dbt", "parse", "--project-dir", "dbt", "--profiles-dir", "dbt", "-q"]
        ),
    }
    waiting = {name: job for name, job in jobs.items() if not _stamp(stack, name).exists()}
    with ThreadPoolExecutor(2) as pool:
        done = {name: pool.submit(job) for name, job in waiting.items()}
    for name, future in done.items():
        future.result()
        _stamp(stack, name).touch()
        say(f"{name} prepared")


def _stamp(stack: Stack, name: str):
    """A marker that changes with what the step depends on."""
    import hashlib

    depends = {
        "airflow": [ROOT / "requirements.txt"],
        "superset": [ROOT / "infra" / "requirements" / "superset.txt"],
        "dbt": [*sorted((ROOT / "dbt").rglob("*.sql")), *sorted((ROOT / "dbt").rglob("*.yml"))],
    }[name]
    digest = hashlib.sha256()
    for file in depends:
        if file.is_file():
            digest.update(file.read_bytes())
    folder = stack.state / "stamps"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}-{digest.hexdigest()[:16]}"


def _initialise_airflow(stack: Stack) -> None:
    _run(stack, ["airflow", "db", "migrate"])
    pools = ROOT / "infra" / "airflow" / "pools.json"
    _run(stack, ["airflow", "pools", "import", str(pools)])


def _initialise_superset(stack: Stack) -> None:
    (stack.state / "superset").mkdir(exist_ok=True)
    secret = {"SUPERSET_ADMIN_PASSWORD": stack.passwords["superset:admin"]}
    python = str(ROOT / ".venv-superset" / "bin" / "python")
    command = [python, str(ROOT / "infra" / "superset" / "prepare.py")]
    _run(stack, command, programs.superset_environment(stack) | secret)


def _run(stack: Stack, command: list[str], extra: dict[str, str] | None = None) -> None:
    """Run one set-up command, its output in <state>/logs/setup.log."""
    variables = {**os.environ, **environment.common(stack), **(extra or {})}
    log = stack.logs / "setup.log"
    with log.open("a") as stream:
        result = subprocess.run(
            command, cwd=ROOT, env=variables, stdout=stream, stderr=subprocess.STDOUT
        )
    if result.returncode:
        sys.exit(f"{' '.join(command[:3])} failed; the reason is at the end of {log}")


def _await(stack: Stack, wanted: dict, timeout_s: float = 90) -> None:
    with ThreadPoolExecutor(len(wanted)) as pool:
        results = {
            name: pool.submit(probes.wait, probe, stack, timeout_s)
            for name, probe in wanted.items()
        }
        for name, future in results.items():
            if reason := future.result():
                sys.exit(f"{name} does not answer ({reason}); see {stack.logs}")
            say(f"{name} answers")
