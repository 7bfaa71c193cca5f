"""Reading record files: exactly the agreed columns, values taken literally or not at all."""

import datetime as dt

import pytest

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.records.files import EXTRA, moment_of, number_of, read_rows
from precrisis.records.incidents import COLUMNS as INCIDENT_COLUMNS
from precrisis.records.incidents import incident_row

COLUMNS = ("source_id", "category")


def read(tmp_path, content: bytes) -> list[dict]:
    file = tmp_path / "records.csv"
    file.write_bytes(content)
    source = Source(source_id="s", kind="csv", address=str(file), purpose_id="p", noun="incident")
    return read_rows(source, COLUMNS)


def test_columns_may_stand_in_any_order_after_a_byte_order_mark(tmp_path):
    rows = read(tmp_path, "\ufeffcategory,source_id\ntheft,1\n".encode())
    assert rows == [{"source_id": "1", "category": "theft"}]


@pytest.mark.parametrize(
    "content",
    [b"source_id\n1\n", b"source_id,category,victim_name\n", b"source_id,category,category\n",
     b"Source_ID,Category\n", b"1,theft\n"],
)  # fmt: skip
def test_other_columns_are_refused_and_no_row_is_read(tmp_path, content):
    with pytest.raises(Refused, match="columns_known"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", ["source_id,category\nä,b".encode("latin-1"), b"\xff\xfe\x00"])
def test_what_is_no_utf8_is_refused(tmp_path, content):
    with pytest.raises(Refused, match="file_readable"):
        read(tmp_path, content)


def test_a_row_that_is_too_long_or_short_can_be_told(tmp_path):
    long, short = read(tmp_path, b"source_id,category\n1,theft,more\n2\n")
    assert EXTRA in long
    assert short["category"] is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00+01:00", dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)),
        ("2026-03-01T10:00:00Z", dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)),
        ("2026-03-01T10:00:00", None),
        ("01/03/2026", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_without_its_offset_is_no_time(text, moment):
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    ("text", "number"), [("1.5", 1.5), ("-3", -3.0), ("1,5", None), ("", None), (None, None)]
)
def test_a_number_is_read_or_missing(text, number):
    assert number_of(text) == number


def test_an_incident_s_place_is_a_point_in_4326_or_missing():
    import shapely

    line = dict.fromkeys(INCIDENT_COLUMNS, "")
    line |= {"category": "theft", "longitude": "11.1", "latitude": "46.1"}
    row = incident_row("s", line, {"theft": "0502"})
    assert (row["geom"].x, row["geom"].y, shapely.get_srid(row["geom"])) == (11.1, 46.1, 4326)
    assert row["iccs_code"] == "0502"
    assert incident_row("s", line | {"latitude": ""}, {})["geom"] is None
