"""Requirement, test, last result: what docs/lawfulness.md and the impact assessment show.

Tests named test_G<row>_... prove a row of infra/documents/requirements.yaml. `make test` leaves
JUnit files in <state>/results; `make lawfulness` turns them into docs/lawfulness.json.
"""

import ast
import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import yaml

from infra.stack.layout import ROOT, Stack

RESULTS = ROOT / "docs" / "lawfulness.json"
ROWS = re.compile(r"^test_((?:G\d+_)+)")


class NoResults(FileNotFoundError):
    """There is nothing to record: run `make test` first."""


def proving_tests() -> dict[str, list[tuple[str, str]]]:
    """Return (file, test) by row, found in the tests' own names."""
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _test_names(file):
            for row in _rows(name):
                found.setdefault(row, []).append((str(file.relative_to(ROOT)), name))
    return found


def record(results: Path) -> dict:
    """Read JUnit files and write RESULTS; return what was written.

    Raises:
        NoResults: the folder holds no result of a proving test.
    """
    rows: dict[str, dict[str, bool]] = {}
    days = []
    for file in sorted(results.glob("*.xml")):
        suite = ElementTree.parse(file).getroot().find("testsuite")
        days.append(suite.get("timestamp", "")[:10])
        for case in suite.iter("testcase"):
            name = case.get("name", "").split("[")[0]
            if case.find("skipped") is not None:
                continue
            passed = case.find("failure") is None and case.find("error") is None
            for row in _rows(name):
                tests = rows.setdefault(row, {})
                tests[name] = tests.get(name, True) and passed
    if not rows:
        raise NoResults(f"{results} holds no result of a test named test_G...: run `make test`.")
    content = {
        "ran_on": max(days) or dt.date.today().isoformat(),
        "rows": {
            row: [{"test": name, "passed": passed} for name, passed in sorted(tests.items())]
            for row, tests in sorted(rows.items(), key=lambda entry: int(entry[0][1:]))
        },
    }
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")
    return content


def lawfulness_table() -> str:
    """Return the Markdown table of docs/lawfulness.md."""
    content = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"ran_on": "", "rows": {}}
    outcomes = {
        (row, test["test"]): test["passed"]
        for row, tests in content["rows"].items()
        for test in tests
    }
    tests = proving_tests()
    lines = ["| row | requirement | test | last result |", "|---|---|---|---|"]
    for requirement in requirements():
        row = requirement["row"]
        names = tests.get(row, [])
        shown = "<br>".join(f"[`{name}`](../{file})" for file, name in names) or "none yet"
        results = "<br>".join(_result(outcomes.get((row, name))) for _, name in names) or "-"
        lines.append(f"| {row} | {requirement['en']} | {shown} | {results} |")
    day = content["ran_on"]
    return "\n".join(lines) + (f"\n\nLast recorded run: {day}." if day else "")


def requirements() -> list[dict[str, str]]:
    return yaml.safe_load((ROOT / "infra" / "documents" / "requirements.yaml").read_text("utf-8"))


def _result(passed: bool | None) -> str:
    return "not run yet" if passed is None else "passed" if passed else "**failed**"


def _test_names(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and ROWS.match(node.name):
            yield node.name


def _rows(name: str) -> list[str]:
    found = ROWS.match(name)
    return found[1].rstrip("_").split("_") if found else []


if __name__ == "__main__":
    stack = Stack.from_environment()
    try:
        written = record(stack.state / "results")
    except NoResults as error:
        sys.exit(str(error))
    print(f"{sum(map(len, written['rows'].values()))} results of {written['ran_on']}: {RESULTS}")
