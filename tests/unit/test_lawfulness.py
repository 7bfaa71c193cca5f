"""The page of requirements is made from tests that exist and results that were obtained."""

import json

import pytest

from infra import lawfulness

JUNIT = """<testsuites><testsuite timestamp="2026-05-30T10:00:00">
<testcase name="test_G1_a[x]"/><testcase name="test_G1_a[y]"><failure/></testcase>
<testcase name="test_G1_G13_b"/><testcase name="test_G2_c"><skipped/></testcase>
<testcase name="test_other"/></testsuite></testsuites>"""


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(lawfulness, "RESULTS", tmp_path / "lawfulness.json")
    (tmp_path / "unit.xml").write_text(JUNIT)
    return lawfulness.record(tmp_path)


def test_one_failed_case_fails_its_test_and_a_skipped_one_proves_nothing(recorded):
    assert recorded["ran_on"] == "2026-05-30"
    assert recorded["rows"] == {
        "G1": [{"test": "test_G1_G13_b", "passed": True}, {"test": "test_G1_a", "passed": False}],
        "G13": [{"test": "test_G1_G13_b", "passed": True}],
    }
    assert json.loads(lawfulness.RESULTS.read_text()) == recorded


def test_without_results_nothing_is_written(tmp_path):
    with pytest.raises(lawfulness.NoResults, match="make test"):
        lawfulness.record(tmp_path)


def test_the_table_has_every_row_and_says_what_never_ran(recorded):
    table = lawfulness.lawfulness_table()
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:15]] == [
        f"G{number}" for number in range(1, 14)
    ]
    assert "not run yet" in table


def test_every_row_named_in_a_test_is_a_requirement():
    known = {requirement["row"] for requirement in lawfulness.requirements()}
    assert set(lawfulness.proving_tests()) <= known
