"""The staged scenarios of Trento's pack on the running stack: each is one test."""

import email
import email.policy
import json
import os
import subprocess
from collections import Counter

import pytest

from infra.exercise.scenario import read_scenarios
from infra.stack.layout import ROOT
from infra.stack.programs import PYTHON
from tests.alert_channels import Relay

PACK = ROOT / "infra" / "city" / "trento"
ROOM = "sala-operativa@trento.example"
SCENARIOS = [scenario.name for scenario in read_scenarios(PACK)]


@pytest.fixture(scope="module")
def relay():
    """A relay of its own: the mails of the demo are looked at by other tests."""
    found = Relay()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def exercise(stack, relay, tmp_path_factory) -> dict:
    """What `make exercise` wrote; it ends with 0 only when all hold."""
    file = tmp_path_factory.mktemp("exercise") / "results.json"
    variables = os.environ | {
        "PRECRISIS_CITY_PACK": str(PACK),
        "PRECRISIS_SMTP_HOST": "127.0.0.1",
        "PRECRISIS_SMTP_PORT": str(relay.port),
    }
    command = [PYTHON, "-m", "infra.exercise", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert file.exists(), done.stdout + done.stderr[-3000:]
    return json.loads(file.read_text()) | {"exit": done.returncode, "said": done.stdout}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.timeout(900)
def test_a_scenario_is_alerted_as_its_file_says(exercise, name):
    result = next(r for r in exercise["results"] if r["name"] == name)
    assert result["problems"] == []
    assert len(result["alerts"]) == result["expected_count"]


def test_the_budget_was_kept_and_the_verdict_is_the_exit_status(exercise):
    assert exercise["budget_kept"]
    assert exercise["exit"] == 0, exercise["said"]
    assert exercise["said"].splitlines()[-1].startswith("all hold")


def test_every_message_is_marked_and_nothing_of_the_city_changed(exercise, relay, rows):
    ids = [alert["alert_id"] for r in exercise["results"] for alert in r["alerts"]]
    mails = [email.message_from_bytes(m, policy=email.policy.default) for m in relay.mails]
    # The control room is told of each at once; whoever keeps quiet hours is told apart, or later.
    assert Counter(mail["To"] for mail in mails)[ROOM] == len(ids)
    told = [(mail["To"], mail["Message-ID"]) for mail in mails]
    assert len(set(told)) == len(told)
    assert all(mail["Subject"].startswith("[ESERCITAZIONE] ") for mail in mails)
    assert rows("SELECT alert_id FROM ops.alert WHERE alert_id = ANY(%s)", ids) == []
    left = rows("SELECT datname FROM pg_database WHERE datname LIKE 'precrisis_exercise%%'")
    assert left == []
