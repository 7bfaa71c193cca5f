"""What the containers of compose.yaml run: the local stack's own set-up and settings.

All containers share one network namespace and one state folder, so that addresses, ports and
passwords are those of infra/stack, to the letter.

Usage: python -m infra.containers prepare | initialise | initialise-superset
       python -m infra.containers run [--superset] COMMAND...
       python -m infra.containers check PROBE | heartbeat PART
"""

import argparse
import json
import os
import subprocess
import sys
import urllib.request

from infra.stack import cluster, environment, objectstore, probes, programs, samples, transport
from infra.stack.layout import AIRFLOW_USERS, ROOT, Stack, write_private


def prepare(stack: Stack) -> None:
    """All that needs no running service: passwords, the store's keys, weights, samples."""
    secrets = stack.state / "secrets"
    environment.write_env_file(stack)
    objectstore.configure(stack)
    users = {user: stack.passwords[f"airflow:{user}"] for user in AIRFLOW_USERS}
    write_private(secrets / "airflow-users.json", json.dumps(users))
    write_private(secrets / "postgres-owner", stack.passwords["postgres:owner"])
    write_private(secrets / "objectstore.env", _lines(objectstore.environment(stack)))
    keys = [sys.executable, "-m", "precrisis.zone_keys", "make"]
    signing = [sys.executable, "-m", "precrisis.sharing.signing"]
    cap_signing = [sys.executable, "-m", "precrisis.alerts.cap_signing"]
    fetch = [sys.executable, "-m", "models.weights", "fetch", str(stack.cache / "weights")]
    for command in (keys, signing, cap_signing, fetch):
        subprocess.run(command, check=True, env=environment.common(stack), cwd=ROOT)
    samples.lay_out(stack)


def _lines(variables: dict[str, str]) -> str:
    return "".join(f"export {name}='{value}'\n" for name, value in variables.items())


def initialise(stack: Stack) -> None:
    """Roles, tables, Airflow's own database and pools, buckets."""
    cluster.apply_schema(stack)
    grants = [sys.executable, "-m", "precrisis.sharing.grants"]
    owner = {"PRECRISIS_OWNER_DSN": stack.dsn("owner")}
    subprocess.run(grants, check=True, env=environment.common(stack) | owner, cwd=ROOT)
    pools = str(ROOT / "infra" / "airflow" / "pools.json")
    for command in (["db", "migrate"], ["pools", "import", pools]):
        subprocess.run(["airflow", *command], check=True, env=environment.common(stack))
    objectstore.make_buckets(stack)


def initialise_superset(stack: Stack) -> None:
    """Superset's own database, roles and administrator."""
    variables = _superset(stack) | {
        "SUPERSET_ADMIN_PASSWORD": stack.passwords["superset:admin"],
    }
    (stack.state / "superset").mkdir(exist_ok=True)
    script = str(ROOT / "infra" / "superset" / "prepare.py")
    subprocess.run([sys.executable, script], check=True, env=variables)


def _superset(stack: Stack) -> dict[str, str]:
    return {**environment.common(stack), **programs.superset_environment(stack)}


def heartbeat(stack: Stack, part: str) -> bool:
    """True when Airflow says that one of its parts is alive."""
    url = f"{stack.url('airflow')}/api/v2/monitor/health"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)[part]["status"] == "healthy"


STEPS = {
    "prepare": prepare,
    "initialise": initialise,
    "initialise-superset": initialise_superset,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.containers", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for name in STEPS:
        actions.add_parser(name)
    run = actions.add_parser("run")
    run.add_argument("--superset", action="store_true")
    run.add_argument("command", nargs=argparse.REMAINDER)
    actions.add_parser("check").add_argument("probe")
    actions.add_parser("heartbeat").add_argument("part", choices=probes.AIRFLOW_PARTS)
    chosen, stack = parser.parse_args(), Stack.from_environment()
    os.environ.update(transport.environment(stack))
    if chosen.action in STEPS:
        STEPS[chosen.action](stack)
    elif chosen.action == "run":
        variables = _superset(stack) if chosen.superset else environment.common(stack)
        os.execvpe(chosen.command[0], chosen.command, variables)
    elif chosen.action == "check":
        sys.exit(probes.failure(getattr(probes, chosen.probe), stack))
    else:
        sys.exit(probes.failure(lambda s: heartbeat(s, chosen.part), stack))


if __name__ == "__main__":
    main()
