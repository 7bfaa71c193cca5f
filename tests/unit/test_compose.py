"""compose.yaml: sound YAML, the programs and settings of the local stack, nothing open, no secret.

No container engine runs here: what is checked is what can be read.
"""

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from infra import containers
from infra.stack import cluster, environment, objectstore, programs
from infra.stack.layout import ROOT, Stack

STACK = Stack(state=Path("/srv/precrisis/state"), port_base=18000)
TEXT = (ROOT / "infra" / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
ONCE = {"prepare", "initialise", "initialise-superset"}
KNOWN_KEYS = {
    "image", "build", "command", "entrypoint", "environment", "volumes", "ports", "restart", "init",
    "network_mode", "depends_on", "healthcheck",
}  # fmt: skip
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@pytest.fixture
def stack(tmp_path, monkeypatch) -> Stack:
    monkeypatch.setenv("PRECRISIS_STATE", str(tmp_path))
    return Stack.from_environment()


def words(service: str) -> list[str]:
    entrypoint, command = SERVICES[service].get("entrypoint", []), SERVICES[service]["command"]
    return [str(word) for word in [*entrypoint, *command]]


def flags(command: list[str]) -> set[str]:
    return {word for word in shlex.split(" ".join(command)) if word.startswith("-")}


def test_every_program_of_the_stack_is_a_service(stack) -> None:
    wanted = {program.name for program in programs.all_programs(stack)}
    assert set(SERVICES) - ONCE - {"pod"} == wanted


def test_services_use_known_keys_and_wait_for_known_services() -> None:
    for name, service in SERVICES.items():
        assert set(service) <= KNOWN_KEYS, name
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert set(how) == {"condition"}
            assert how["condition"] in CONDITIONS


def test_what_must_be_healthy_has_a_check_and_what_must_complete_is_run_once() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], other
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[other]["restart"] == "no", other


def test_every_lasting_service_is_checked_and_restarted() -> None:
    for name in set(SERVICES) - ONCE - {"pod"}:
        assert SERVICES[name]["restart"] == "unless-stopped", name
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD", name


def test_ports_are_published_on_loopback_only_and_are_those_of_the_stack() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published == {
        "pod": [f"127.0.0.1:{STACK.port(s)}:{STACK.port(s)}" for s in ("airflow", "superset")]
    }


def test_all_share_one_network_so_that_addresses_are_the_same() -> None:
    modes = {name: service.get("network_mode") for name, service in SERVICES.items()}
    assert modes.pop("pod") is None
    assert set(modes.values()) == {"service:pod"}


def test_no_image_floats() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].partition(":")[2]
        assert tag, name
        assert tag != "latest", name
    assert SERVICES["objectstore"]["image"].startswith("chrislusf/seaweedfs:")
    version = SERVICES["objectstore"]["image"].partition(":")[2]
    assert tuple(map(int, version.split("."))) >= (4, 48)


def test_settings_are_the_marks_of_a_stack() -> None:
    ours = [s for s in SERVICES.values() if s["image"].startswith("precrisis/")]
    assert ours
    assert all(set(s["environment"]) == set(programs.marks(STACK)) for s in ours)


def test_every_airflow_process_and_superset_gets_the_settings_of_the_stack() -> None:
    for name in SERVICES:
        if name.startswith("airflow-") or name == "superset":
            assert words(name)[:4] == ["python", "-m", "infra.containers", "run"], name


@pytest.mark.parametrize("is_superset", [False, True])
def test_run_hands_over_exactly_the_environment_of_the_stack(
    stack, is_superset, monkeypatch
) -> None:
    seen = {}
    monkeypatch.setattr(os, "execvpe", lambda file, command, env: seen.update({file: env}))
    option = ["--superset"] if is_superset else []
    monkeypatch.setattr("sys.argv", ["containers", "run", *option, "airflow", "scheduler", "-x"])
    containers.main()
    wanted = environment.common(stack)
    wanted |= programs.superset_environment(stack) if is_superset else {}
    assert seen == {"airflow": wanted}


def test_the_object_store_has_the_hardened_flags() -> None:
    assert flags([words("objectstore")[-1]]) == flags(objectstore.command(STACK)[1:])


def test_the_database_has_the_options_of_the_private_cluster() -> None:
    options = {word for word in cluster.command(STACK) if "=" in word}
    own_socket = {word for word in options if word.startswith("unix_socket_directories")}
    assert {word for word in words("postgres") if "=" in word} == options - own_socket


def test_programs_have_the_ports_of_the_stack(stack) -> None:
    for name, service in {"airflow-api": "airflow", "superset": "superset", "feed": "feed"}.items():
        assert str(STACK.port(service)) in " ".join(words(name))
    assert str(STACK.port("smtp")) in words("mailsink")


def test_no_secret_stands_in_the_file(stack) -> None:
    assert not re.search(r"[0-9a-f]{16,}", TEXT)
    named = re.findall(r"^\s+(\w*(?:PASSWORD|SECRET|KEY|TOKEN)\w*):\s*(.+)$", TEXT, re.MULTILINE)
    assert named == [
        ("PRECRISIS_KEYS_DIR", "/srv/precrisis/keys"),  # a place, and a volume of its own
        ("POSTGRES_PASSWORD_FILE", "/srv/precrisis/state/secrets/postgres-owner"),
    ]


def test_images_are_built_from_both_locks_and_targets_exist() -> None:
    dockerfile = (ROOT / "infra" / "Dockerfile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^FROM \S+ AS (\w+)", dockerfile, re.MULTILINE))
    used = {s["build"]["target"] for s in SERVICES.values() if "build" in s}
    assert used == targets - {"base"}
    torch = "infra/requirements/torch.txt"
    for lock in ("requirements.txt", "infra/requirements/superset.txt", torch):
        assert f"COPY {lock}" in dockerfile
        assert (ROOT / lock).exists()
    outside = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) - targets
    assert all(re.search(r":\d", image) for image in outside)
