"""Generated tables: what they say comes from the code, and a stale one is found."""

import ast
import re

import pytest

from infra import docs
from infra.dag_table import PATH, DocumentError, cron_in_words, dag_table, schedule_in_words
from infra.stack.layout import ROOT
from infra.stack.ports import OFFSETS

DAG = '''"""
### {heading}

**In** one thing,
over two lines.
**Out** `raw.thing`.
**Rerun** the same.
"""
@dag(schedule={schedule})
def thing(): ...
'''


@pytest.fixture
def dag_folder(tmp_path):
    (tmp_path / "thing.py").write_text(DAG.format(heading="A → B", schedule="[POST]"))
    return tmp_path


def test_no_document_is_stale() -> None:
    assert docs.stale() == {}


def test_every_part_that_a_document_asks_for_is_written_somewhere() -> None:
    asked = {part[2] for file in docs.documents() for part in docs.PART.finditer(file.read_text())}
    assert asked == set(docs.PARTS)


def test_an_edited_table_is_stale_and_writing_cures_it(tmp_path) -> None:
    (tmp_path / "docs").mkdir()
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- generated: ports -->\nold\n<!-- /generated -->\nafter\n")
    assert readme in docs.stale(tmp_path)
    readme.write_text(docs.stale(tmp_path)[readme])
    assert readme not in docs.stale(tmp_path)
    assert readme.read_text().startswith("before\n<!--")
    assert readme.read_text().endswith("-->\nafter\n")


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(DocumentError, match="'nothing'"):
        docs.filled("<!-- generated: nothing -->\n<!-- /generated -->")


def test_every_dag_file_has_one_row_in_path_order() -> None:
    rows = re.findall(r"^\| \[`(\w+)`\]", dag_table(), re.MULTILINE)
    assert rows == list(PATH)
    assert set(rows) == {file.stem for file in (ROOT / "dags").glob("*.py")}


def test_a_row_says_what_the_docstring_and_the_schedule_say(dag_folder) -> None:
    row = dag_table(dag_folder, ["thing"]).splitlines()[-1]
    expected = "[`thing`](dags/thing.py) | A → B | after `post` | one thing, over two lines"
    assert row == f"| {expected} | `raw.thing` |"


def test_a_dag_without_a_place_in_the_path_is_named(dag_folder) -> None:
    with pytest.raises(DocumentError, match="thing"):
        dag_table(dag_folder, [])


def test_a_docstring_without_out_is_named(dag_folder) -> None:
    file = dag_folder / "thing.py"
    file.write_text(file.read_text().replace("**Out**", "Out"))
    with pytest.raises(DocumentError, match=r"thing\.py"):
        dag_table(dag_folder, ["thing"])


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("*/10 * * * *", "every 10 min"),
        ("5 * * * *", "hourly at :05"),
        ("30 2 * * *", "daily 02:30"),
        ("0 5 * * 1", "Mondays 05:00"),
        ("0 5 * * 0", "Sundays 05:00"),
        ("0 5 1 * *", "`0 5 1 * *`"),
    ],
)
def test_cron_in_words(expression, words) -> None:
    assert cron_in_words(expression) == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("None", "started by another DAG"),
        ("[A_B]", "after `a_b`"),
        ("S(timetable=cron('20 * * * *'), assets=(A & B))", "after `a` and `b`; hourly at :20"),
    ],
)
def test_schedule_in_words(source, words) -> None:
    assert schedule_in_words(ast.parse(source, mode="eval").body) == words


def test_every_door_is_in_the_stations_table_with_its_key() -> None:
    table = docs.station_table()
    not_doors = {"__init__", "station", "geometry"}
    doors = {file.stem for file in (ROOT / "expectations").glob("*.py")} - not_doors
    assert set(re.findall(r"^\| \[`(\w+)`\]", table, re.MULTILINE)) == doors
    assert "| `camera_id`, `started_at` |" in table


def test_every_port_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", docs.port_table(), re.MULTILINE)
    assert {name: int(offset) for name, offset, _ in rows} == OFFSETS
    assert all(int(port) == docs.DEFAULT_PORT_BASE + int(offset) for _, offset, port in rows)


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert docs.table(["a"], [["x|y"]]).splitlines()[-1] == "| x\\|y |"


def test_every_test_and_file_that_a_document_names_is_there() -> None:
    tests = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    for file in (ROOT / "tests").rglob("test_*.py"):
        tests |= set(re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8")))
    text = "\n".join(file.read_text() for file in [*docs.documents(), ROOT / "CONTRIBUTING.md"])
    assert set(re.findall(r"`(test_\w+(?:\.py)?)`", text)) <= tests
    places = set(re.findall(r"`((?:dags|plugins|expectations|models|dbt|infra)/[\w/.-]+)`", text))
    assert {place for place in places if not (ROOT / place).exists()} == set()


def test_every_link_between_documents_holds() -> None:
    for file in [*docs.documents(), ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", file.read_text()):
            assert (file.parent / link).exists(), f"{file.name}: {link}"
