"""What a log says of an unexpected error."""

import json
from pathlib import Path

import psycopg
import pytest

from precrisis.failures import described, traced
from precrisis.outcome import Refused

SECRET = "Mario Rossi, 0461 555123"


def caught(work) -> Exception:
    with pytest.raises(Exception) as info:  # noqa: PT011 - any error will do
        work()
    return info.value


@pytest.mark.parametrize(
    "work",
    [
        lambda: int(SECRET),
        lambda: json.loads(SECRET),
        lambda: Path(f"/nowhere/{SECRET}").read_text(),
        lambda: {}[SECRET],
        lambda: "x".encode(SECRET),
    ],
)
def test_a_foreign_error_is_told_by_place_and_kind_without_its_values(work):
    error = caught(work)
    told = traced(error)
    assert type(error).__name__ in told
    assert "test_failures.py" in told
    assert "Rossi" not in told


def test_our_own_message_is_told():
    assert described(Refused("size_plausible", "8 px wide")) == "Refused: size_plausible: 8 px wide"


def test_a_database_error_is_told_by_its_code():
    error = psycopg.errors.UniqueViolation(SECRET)
    assert described(error).split() == ["UniqueViolation", "23505"]
