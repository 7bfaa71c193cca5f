"""Posts from files: what of a file is a post, what is refused alone, and when a file is read."""

import csv
import datetime as dt
import io
import json
import os

import pytest

from precrisis.city import read_city
from precrisis.file_sources.offered import SourceUnreadable
from precrisis.pack.sources import Source
from precrisis.posts import file_drop, file_rows
from precrisis.posts.cutting import cut
from precrisis.posts.file_drop import read
from tests import clips
from tests.conftest import ROOT

COLUMNS = {"id": "nr", "posted_at": "received", "text": "what", "author": "who",
           "edited_at": "changed", "language": "lang", "deleted": "withdrawn"}  # fmt: skip
TERMS = {"where": "x", "checked_on": "2026-01-15", "purposes": ["voice"],
         "retention_hours": 50, "attribution": "x"}  # fmt: skip
WORD = "parola-spia"
NOW = dt.datetime(2026, 7, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def rivermouth():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
            patch.setenv(f"PRECRISIS_{name}", "unused")
        return read_city(ROOT / "tests" / "city")


@pytest.fixture(autouse=True)
def july(monkeypatch, rivermouth):
    monkeypatch.setattr(file_drop, "city", lambda: rivermouth)
    monkeypatch.setattr("precrisis.clock.now", lambda: NOW)


@pytest.fixture
def drop(tmp_path):
    """The folder that reports are put in."""
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


def source_at(folder, **more) -> Source:
    columns = {"columns": COLUMNS} | more
    return Source(
        source_id="reports", kind="folder", noun="post", address=str(folder), purpose_id="voice",
        terms=TERMS, **columns,
    )  # fmt: skip


def report(number: int, **changes) -> dict:
    return {"nr": f"r{number}", "received": "2026-07-10T10:00:00+02:00", "what": f"{WORD} {number}",
            "who": f"u{number}", "changed": "", "lang": "it", "withdrawn": "",
            "telephone": "347 1234567"} | changes  # fmt: skip


def put(folder, name: str, *rows: dict, separator: str = ",") -> None:
    """A whole file, old enough to be settled."""
    out = io.StringIO()
    if name.endswith(".csv"):
        writer = csv.DictWriter(out, list(report(0)), delimiter=separator, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    else:
        out.write("".join(json.dumps(row) + "\n" for row in rows))
    raw(folder, name, out.getvalue().encode())


def raw(folder, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    clips.aged(folder / name)


def posts(pages) -> list[str]:
    return [post["id"] for page in pages for post in page.posts]


def refused(pages) -> list[tuple[str, str]]:
    return [(key, refusal.rule) for page in pages for key, refusal in page.refused]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.ndjson", "a.CSV"])
def test_the_columns_of_the_pack_make_a_post_and_no_other_is_looked_at(drop, name):
    rows = [report(1), report(2, who="", changed="2026-07-10T11:00:00+02:00")]
    put(drop, name, *rows) if name != "a.CSV" else raw(drop, name, csv_of(*rows))
    (page, _) = read(source_at(drop), None)
    first, second = page.posts
    assert first == {
        "id": "r1", "created_at": "2026-07-10T10:00:00+02:00", "edited_at": None,
        "content": f"{WORD} 1", "language": "it", "account": {"id": "u1", "display_name": "u1"},
    }  # fmt: skip
    assert second["account"] == {"id": "reports", "display_name": ""}
    assert second["edited_at"] == "2026-07-10T11:00:00+02:00"
    assert "347" not in json.dumps(page.posts)


def csv_of(*rows: dict) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(report(0)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def test_a_time_without_a_zone_is_local_and_markup_is_text(drop):
    put(drop, "a.csv", report(1, received="2026-07-10 10:00", what="a < b\nsegnalo <fumo>"))
    (page, _) = read(source_at(drop), None)
    post = cut("reports", page.posts[0], lambda _: b"secret", NOW)
    assert (post.posted_at.hour, post.text) == (9, "a < b\nsegnalo <fumo>")  # Lisbon's summer


def test_a_file_of_another_separator_is_read_where_the_pack_says_so(drop):
    put(drop, "a.csv", report(1), separator=";")
    assert refused(read(source_at(drop), None)) == [("reports/a.csv", "columns_known")]
    assert posts(read(source_at(drop, separator=";"), None)) == ["r1"]


def test_a_file_is_taken_once_and_anew_when_it_changed(drop):
    put(drop, "a.csv", report(1))
    put(drop, "b.csv", report(2))
    pages = list(read(source_at(drop), None))
    assert posts(pages) == ["r1", "r2"]
    assert list(read(source_at(drop), pages[-1].cursor)) == []
    put(drop, "c.csv", report(3))
    put(drop, "a.csv", report(4))  # of the same size
    os.utime(drop / "a.csv", (1_000_000, 1_000_000))
    assert posts(read(source_at(drop), pages[-1].cursor)) == ["r4", "r3"]


def test_a_crash_within_a_file_repeats_that_file_alone(drop, monkeypatch):
    monkeypatch.setattr(file_drop, "ROWS_A_PAGE", 2)
    put(drop, "a.csv", report(1))
    put(drop, "b.csv", *(report(n) for n in range(2, 7)))
    pages = list(read(source_at(drop), None))
    assert [len(page.posts) for page in pages] == [1, 0, 2, 2, 1, 0]
    for page, rest in zip(pages, (6, 5, 5, 5, 5, 0), strict=True):
        assert len(posts(read(source_at(drop), page.cursor))) == rest


def test_marks_of_files_that_are_gone_are_forgotten_and_hold_no_name(drop):
    put(drop, "anna-prova.csv", report(1))
    put(drop, "b.csv", report(2))
    *_, last = read(source_at(drop), None)
    assert len(json.loads(last.cursor)) == 2
    assert "anna" not in last.cursor
    (drop / "anna-prova.csv").unlink()
    put(drop, "c.csv", report(3))
    *_, last = read(source_at(drop), last.cursor)
    assert len(json.loads(last.cursor)) == 2


@pytest.mark.parametrize(
    ("stated", "is_deleted"),
    [("yes", True), ("sì", True), ("1", True), ("x", True), (True, True), (1, True),
     ("no", False), ("0", False), ("False", False), (" ", False), ("", False), (None, False),
     (False, False)],
)  # fmt: skip
def test_a_row_marked_deleted_is_taken_back(drop, stated, is_deleted):
    put(drop, "a.jsonl", report(1, withdrawn=stated), report(2))
    (page, _) = read(source_at(drop), None)
    assert page.taken_back.post_ids == (frozenset({"r1"}) if is_deleted else frozenset())
    assert posts([page]) == (["r2"] if is_deleted else ["r1", "r2"])


BAD_LINES = [
    b"{", b"[1]", b"null", b'"x"', b"{" * 100_000, b"\xff\xfe", b'{"nr": ', b"9" * 10_000,
    b'{"what": "x"}', b'{"nr": " "}', b'{"nr": "r\\ud800"}', b'{"nr": "r", "what": "\xe0"}',
    b'{"nr": "r", "what": "' + b"x" * 20_001 + b'"}',
]  # fmt: skip


def test_a_bad_line_is_refused_alone_by_its_number(drop):
    good = json.dumps(report(1)).encode()
    raw(drop, "a.jsonl", b"\n".join([good, *BAD_LINES, b"", json.dumps(report(2)).encode()]))
    pages = list(read(source_at(drop), None))
    assert posts(pages) == ["r1", "r2"]
    numbers = [int(key.rsplit(" ")[-1]) for key, _ in refused(pages)]
    assert numbers == list(range(2, 2 + len(BAD_LINES)))
    rules = [rule for _, rule in refused(pages)]
    assert rules == ["row_readable"] * 8 + ["no_id", "no_id", "row_is_text", "row_is_text",
                                            "row_is_short"]  # fmt: skip


def test_a_bad_row_of_a_csv_is_refused_alone(drop):
    lines = csv_of(report(1), report(2)).splitlines()
    bad = [b"r3", b"r4,2026-07-10,x,u,,it,,,beyond", b",2026-07-10,x,u,,it,,",
           b"r6,2026-07-10," + b"x" * 200_000 + b",u,,it,,", 
           b"r7,2026-07-10,caf\xe9,,,,,"]  # fmt: skip
    raw(drop, "a.csv", b"\n".join([lines[0], lines[1], *bad, lines[2]]))
    pages = list(read(source_at(drop), None))
    assert posts(pages) == ["r1", "r3", "r2"]
    assert [rule for _, rule in refused(pages)] == [
        "row_complete", "no_id", "row_readable", "row_is_text",
    ]  # fmt: skip
    cuts = [cut("reports", p, lambda _: b"s", NOW) for page in pages for p in page.posts]
    assert [getattr(post, "rule", None) for post in cuts] == [None, "no_date", None]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [("a.xlsx", b"PK", "file_format"), ("a", b"", "file_format"),
     ("a.csv", b"", "columns_known"), ("a.csv", b"nr,what\n1,x\n", "columns_known"),
     ("a.csv", b'"' + b"x" * 200_000, "file_readable"), ("a.csv", b"\xff\xfe", "columns_known")],
    ids=range(6),
)  # fmt: skip
def test_a_file_that_is_none_is_refused_once(drop, name, content, rule):
    raw(drop, name, content)
    put(drop, "z.csv", report(1))
    pages = list(read(source_at(drop), None))
    assert refused(pages) == [(f"reports/{name}", rule)]
    assert posts(pages) == ["r1"]
    assert list(read(source_at(drop), pages[-1].cursor)) == []


def test_a_file_too_large_is_not_opened(drop, monkeypatch):
    monkeypatch.setattr(file_rows, "LARGEST_FILE_BYTES", 100)
    put(drop, "a.csv", report(1))
    assert refused(read(source_at(drop), None)) == [("reports/a.csv", "file_is_small")]


def test_a_name_that_may_be_a_person_s_is_hidden(drop):
    raw(drop, "Anna Prova.xlsx", b"")
    ((key, _),) = refused(read(source_at(drop), None))
    assert "Anna" not in key


def test_a_folder_that_is_not_there_is_named_with_its_remedy(tmp_path):
    with pytest.raises(SourceUnreadable, match=r"'reports': folder .*mount it"):
        list(read(source_at(tmp_path / "nowhere"), None))


def test_no_text_shows_in_a_repr(drop):
    put(drop, "a.csv", report(1), report(2, who="x" * 20_001))
    assert WORD not in repr(list(read(source_at(drop), None)))


def test_a_source_of_files_without_columns_is_refused_with_the_pack(drop):
    with pytest.raises(ValueError, match="'reports' needs `columns`"):
        source_at(drop, columns=None)
