""".env.example names what the stack really reads from a user's environment, and nothing else."""

import re

import pytest

from infra.stack import environment
from infra.stack.layout import ROOT, Stack
from precrisis.settings import Settings

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
LAYOUT = (ROOT / "infra" / "stack" / "layout.py").read_text(encoding="utf-8")
NAMED = dict(re.findall(r"^#?(PRECRISIS_\w+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_names_are_those_that_the_stack_and_the_relay_read() -> None:
    relay = {f"PRECRISIS_{name.upper()}" for name in Settings.model_fields if "smtp" in name}
    assert set(NAMED) == set(re.findall(r'environ\.get\("(\w+)"', LAYOUT)) | relay


def test_every_setting_has_a_line_that_says_what_it_is() -> None:
    assert len(re.findall(r"^# .+\n#?PRECRISIS_", EXAMPLE, re.MULTILINE)) == len(NAMED)


def test_copied_as_it_is_it_changes_nothing() -> None:
    assert all(line.startswith("#") for line in EXAMPLE.splitlines() if line)


VALUES = {"PRECRISIS_PORT_BASE": "20000", "PRECRISIS_TLS": "on", "PRECRISIS_SMTP_PORT": "2525",
          "PRECRISIS_HOST": "localhost", "PRECRISIS_SMTP_SECURITY": "tls"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_set_value_reaches_every_service(name, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PRECRISIS_STATE", str(tmp_path))
    if name == "PRECRISIS_SMTP_PORT":  # it is the port of a relay, not of our sink
        monkeypatch.setenv("PRECRISIS_SMTP_HOST", "mail.example")
    value = VALUES.get(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv(name, value)
    assert environment.common(Stack.from_environment())[name] == value


def test_the_port_of_our_mail_sink_is_not_that_of_some_shell(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("PRECRISIS_SMTP_HOST", raising=False)
    monkeypatch.setenv("PRECRISIS_SMTP_PORT", "2525")
    stack = Stack(tmp_path, 20000)
    assert environment.common(stack)["PRECRISIS_SMTP_PORT"] == str(stack.port("smtp"))


def test_the_documented_defaults_are_the_true_ones(monkeypatch) -> None:
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)
    stack = Stack.from_environment()
    assert stack.state == ROOT / NAMED["PRECRISIS_STATE"]
    assert stack.port_base == int(NAMED["PRECRISIS_PORT_BASE"])
    assert (stack.has_tls, stack.outside_host) == (False, NAMED["PRECRISIS_HOST"])
    assert stack.tls == stack.state / "tls"
    assert stack.city_pack == ROOT / "infra" / "city" / "trento"
