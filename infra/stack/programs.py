"""The programs of the stack and the supervisor that keeps them up."""

import configparser
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from infra.stack import cluster, environment, objectstore, probes, transport
from infra.stack.layout import ROOT, Stack
from infra.stack.samples import anchor as samples_anchor

MARK = "PRECRISIS_PROGRAM"  # which program a process, or a child of it, belongs to
FIRST = ("postgres", "objectstore")  # the others are started once these are set up
PYTHON = str(ROOT / ".venv" / "bin" / "python")


@dataclass(frozen=True)
class Program:
    """One supervised process, started once `after` answers (a function name in probes.py)."""

    name: str
    command: list[str]
    after: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    priority: int = 500
    takes_group: bool = False


def all_programs(stack: Stack) -> list[Program]:
    airflow = str(ROOT / ".venv" / "bin" / "airflow")
    samples = str(ROOT / "infra" / "samples")
    port = stack.port
    as_user = cluster.run_as() if os.geteuid() == 0 else None
    return [
        Program("postgres", cluster.command(stack), user=as_user, stop_signal="INT", priority=10),
        Program(
            "objectstore",
            objectstore.command(stack),
            environment=objectstore.environment(stack),
            priority=20,
        ),
        Program(
            "mailsink",
            [PYTHON, "-m", "infra.stack.mailsink", str(port("smtp")), str(stack.state / "mail")],
        ),
        Program(
            "feed",
            [
                PYTHON,
                f"{samples}/feed_server.py",
                "--port",
                str(port("feed")),
                "--anchor",
                samples_anchor(stack).isoformat(),
            ],
        ),
        Program(
            "airflow-api",
            [airflow, "api-server", *_at(stack, "airflow")],
            after="postgres",
            priority=600,
            takes_group=True,
        ),
        Program(
            "airflow-scheduler",
            [airflow, "scheduler", "--skip-serve-logs"],
            after="airflow_api",
            priority=610,
        ),
        Program(
            "airflow-dag-processor", [airflow, "dag-processor"], after="postgres", priority=610
        ),
        Program(
            "airflow-triggerer",
            [airflow, "triggerer", "--skip-serve-logs"],
            after="airflow_api",
            priority=610,
        ),
        Program(
            "footage-watch",
            [PYTHON, "-m", "precrisis.footage.watch"],
            after="postgres",
            priority=615,
            takes_group=True,
        ),
        Program(
            "posts-watch",
            [PYTHON, "-m", "precrisis.posts.watch"],
            after="postgres",
            priority=616,
        ),
        Program(
            "superset",
            superset_command(stack),
            after="postgres",
            environment=superset_environment(stack),
            priority=620,
            takes_group=True,
        ),
    ]


def _at(stack: Stack, service: str) -> list[str]:
    return ["--host", transport.address(stack), "--port", str(stack.port(service))]


def superset_command(stack: Stack) -> list[str]:
    gunicorn = str(ROOT / ".venv-superset" / "bin" / "gunicorn")
    return [
        gunicorn, "-w", "1", "-k", "gthread", "--threads", "8", "--timeout", "120",
        "-b", f"{transport.address(stack)}:{stack.port('superset')}",
        *transport.gunicorn_flags(stack), "superset.app:create_app()",
    ]  # fmt: skip


def superset_environment(stack: Stack) -> dict[str, str]:
    language = yaml.safe_load((stack.city_pack / "city.yaml").read_text())["language"]
    metadata = stack.dsn("superset", "superset").replace("postgresql:", "postgresql+psycopg2:")
    return {
        "FLASK_APP": "superset.app:create_app()",
        "SUPERSET_CONFIG_PATH": str(ROOT / "infra" / "superset" / "superset_config.py"),
        "SUPERSET_HOME": str(stack.state / "superset"),
        "SUPERSET_SECRET_KEY": stack.passwords["superset:secret"],
        "SUPERSET_METADATA_URI": metadata,
        "SUPERSET_URL": stack.url("superset"),
        "PYTHONPATH": str(ROOT / "infra" / "superset"),
        "PRECRISIS_LANGUAGE": language,
    }


def supervisor_socket(stack: Stack) -> Path:
    """A UNIX socket path must stay under 108 characters; a deep checkout would break that."""
    inside = stack.state / "supervisor.sock"
    return inside if len(str(inside)) < 90 else Path("/tmp") / f"{stack.short_name}.sock"


def write_configuration(stack: Stack) -> Path:
    """Write <state>/supervisord.conf."""
    config = configparser.RawConfigParser()
    socket = supervisor_socket(stack)
    config["unix_http_server"] = {"file": str(socket), "chmod": "0700"}
    config["supervisord"] = {
        "logfile": str(stack.logs / "supervisord.log"),
        "pidfile": str(stack.state / "supervisord.pid"),
        "directory": str(ROOT),
        "childlogdir": str(stack.logs),
        "user": "root" if os.geteuid() == 0 else cluster.run_as(),
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    config["supervisorctl"] = {"serverurl": f"unix://{socket}"}
    for program in all_programs(stack):
        config[f"program:{program.name}"] = _section(stack, program)
    file = stack.state / "supervisord.conf"
    with file.open("w") as stream:
        config.write(stream)
    return file


def _section(stack: Stack, program: Program) -> dict[str, str]:
    """A program is started by `infra.stack run`, which gives it its environment: the supervisor's
    file holds no secret. PostgreSQL runs as another user and needs none."""
    starter = [PYTHON, "-m", "infra.stack", "run", program.name]
    command = program.command if program.user else starter
    section = {
        "command": shlex.join(command).replace("%", "%%"),
        "environment": ",".join(f'{name}="{value}"' for name, value in marks(stack).items()),
        "autostart": "true" if program.name in FIRST else "false",
        "autorestart": "true",
        "startretries": "20",
        "startsecs": "3",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": "20",
        "killasgroup": "true",
        "stopasgroup": "true" if program.takes_group else "false",
        "priority": str(program.priority),
        "redirect_stderr": "true",
        "stdout_logfile": str(stack.logs / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "2",
    }
    if program.user:
        section["user"] = program.user
    return section


def marks(stack: Stack) -> dict[str, str]:
    """What tells one stack from another, and its processes from all others."""
    return {
        "PRECRISIS_STATE": str(stack.state),
        "PRECRISIS_PORT_BASE": str(stack.port_base),
        "PRECRISIS_CITY_PACK": str(stack.city_pack),
        "PRECRISIS_CACHE": str(stack.cache),
        "PRECRISIS_KEYS_DIR": str(stack.keys),
        "PRECRISIS_TLS": "on" if stack.has_tls else "off",
        "PRECRISIS_TLS_DIR": str(stack.tls),
        "PRECRISIS_HOST": stack.outside_host,
    }


def end_orphans(stack: Stack, name: str) -> None:
    """End what a killed instance of a program left behind.

    A scheduler's workers survive a kill -9 of the scheduler, and with the connection they inherited
    the lock on the pools: nothing would be queued any more.
    """
    for pid in processes(stack, f"{MARK}={name}"):
        _kill(pid)


def run(stack: Stack, name: str) -> None:
    """Become program `name` with its environment, once what it needs answers."""
    program = next(p for p in all_programs(stack) if p.name == name)
    if program.after:
        probe = getattr(probes, program.after)
        if reason := probes.wait(probe, stack, timeout_s=180):
            sys.exit(f"{name}: gave up waiting for {program.after}: {reason}")
    end_orphans(stack, name)
    variables = {**environment.common(stack), **program.environment, MARK: name}
    os.execvpe(program.command[0], program.command, variables)


def control(stack: Stack, *arguments: str) -> subprocess.CompletedProcess:
    """supervisorctl against this stack."""
    configuration = str(stack.state / "supervisord.conf")
    call = [PYTHON, "-m", "supervisor.supervisorctl", "-c", configuration, *arguments]
    return subprocess.run(call, capture_output=True, text=True)


def is_up(stack: Stack) -> bool:
    """True when this stack's supervisor answers."""
    return (stack.state / "supervisord.conf").exists() and control(stack, "pid").returncode == 0


def start_supervisor(stack: Stack) -> None:
    """Start supervisord, or have the running one take up a changed configuration."""
    stack.logs.mkdir(parents=True, exist_ok=True)
    configuration = write_configuration(stack)
    if is_up(stack):
        control(stack, "update")
        return
    call = [PYTHON, "-m", "supervisor.supervisord", "-c", str(configuration)]
    subprocess.run(call, check=True, cwd=ROOT, stdin=subprocess.DEVNULL)


def stop(stack: Stack) -> int:
    """Stop everything; return how many strays had to be killed."""
    supervisor = _supervisor_pid(stack)
    if supervisor and is_up(stack):
        control(stack, "shutdown")
        until = time.monotonic() + 90
        while Path(f"/proc/{supervisor}").exists() and time.monotonic() < until:
            time.sleep(0.2)
    strays = processes(stack)
    for pid in strays:
        _kill(pid)
    return len(strays)


def _supervisor_pid(stack: Stack) -> int | None:
    file = stack.state / "supervisord.pid"
    return int(file.read_text()) if file.exists() else None


def processes(stack: Stack, also: str = "") -> list[int]:
    """Process ids that carry this stack's state folder in their environment, but for ourselves.

    Args:
        also: a second NAME=value that they must carry.
    """
    markers = {f"PRECRISIS_STATE={stack.state}".encode(), also.encode()} - {b""}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = markers <= set((entry / "environ").read_bytes().split(b"\0"))
        except OSError:
            continue
        if is_ours and int(entry.name) not in _ancestors():
            found.append(int(entry.name))
    return found


def _ancestors() -> set[int]:
    """This process and those that called it, so that `make down` does not end its own caller."""
    pid, seen = os.getpid(), set()
    while pid > 1:
        seen.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return seen


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        print(f"process {pid} ended by itself", file=sys.stderr)
