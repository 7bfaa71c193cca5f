""".env.example names what the stack really reads from a user's environment, and nothing else."""

import re
from pathlib import Path

import pytest

from infra.stack.layout import ROOT, Stack

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
LAYOUT = (ROOT / "infra" / "stack" / "layout.py").read_text(encoding="utf-8")
NAMED = dict(re.findall(r"^#?(PRECRISIS_\w+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_names_are_those_that_the_stack_reads() -> None:
    assert set(NAMED) == set(re.findall(r'environ\.get\("(\w+)"', LAYOUT))


def test_every_setting_has_a_line_that_says_what_it_is() -> None:
    assert len(re.findall(r"^# .+\n#?PRECRISIS_", EXAMPLE, re.MULTILINE)) == len(NAMED)


def test_copied_as_it_is_it_changes_nothing() -> None:
    assert all(line.startswith("#") for line in EXAMPLE.splitlines() if line)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_set_value_reaches_the_stack(name, monkeypatch) -> None:
    monkeypatch.setenv(name, "20000" if name.endswith("BASE") else "/elsewhere")
    stack = Stack.from_environment()
    reached = {str(stack.state), str(stack.port_base), str(stack.city_pack), str(stack.cache)}
    assert reached & {"20000", str(Path("/elsewhere"))}


def test_the_documented_defaults_are_the_true_ones(monkeypatch) -> None:
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)
    stack = Stack.from_environment()
    assert stack.state == ROOT / NAMED["PRECRISIS_STATE"]
    assert stack.port_base == int(NAMED["PRECRISIS_PORT_BASE"])
    assert stack.city_pack == ROOT / "infra" / "city" / "trento"
