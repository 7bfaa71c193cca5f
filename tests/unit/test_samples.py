"""Laying out the samples: one anchor a stack, local times of the city served, UTC in the files."""

import csv
import datetime as dt
import time
from pathlib import Path

import pytest

from infra.stack import samples
from infra.stack.layout import Stack
from precrisis.file_sources.folder import SETTLED_AFTER_S
from precrisis.records.calendar import COLUMNS as CALENDAR_COLUMNS
from precrisis.records.incidents import COLUMNS as INCIDENT_COLUMNS

ROOT = Path(__file__).parents[2]
FRIDAY = dt.date(2026, 3, 6)


@pytest.fixture
def stack(tmp_path, monkeypatch) -> Stack:
    monkeypatch.setenv("PRECRISIS_CITY_PACK", str(ROOT / "tests" / "city"))
    clip = tmp_path / "clip.avi"
    clip.write_bytes(b"a clip")
    monkeypatch.setattr(samples, "fetch_footage", lambda stack: clip)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "anchor").write_text(FRIDAY.isoformat())
    return Stack(state=tmp_path, port_base=1)


def rows(stack: Stack, name: str) -> list[dict]:
    with (stack.state / "samples" / "records" / name).open() as stream:
        return list(csv.DictReader(stream))


def test_the_anchor_is_a_friday_and_stays(stack):
    assert samples.anchor(stack) == FRIDAY
    (stack.state / "samples" / "anchor").unlink()
    first = samples.anchor(stack)
    assert first.weekday() == 4
    assert 0 <= (dt.datetime.now(dt.UTC).date() - first).days <= 7
    assert samples.anchor(stack) == first


def test_recordings_are_named_by_camera_and_utc_start(stack):
    samples.lay_out(stack)
    names = {path.name for path in (stack.state / "samples" / "footage").rglob("*.avi")}
    assert "duomo-nord_20260304T182000Z.avi" in names  # 18:20 in Lisbon's winter
    assert len(names) == 4


def test_recordings_just_laid_out_are_offered_at_once(stack):
    samples.lay_out(stack)
    ages = [time.time() - f.stat().st_mtime for f in (stack.state / "samples").rglob("*.avi")]
    assert min(ages) > SETTLED_AFTER_S


def test_another_city_s_time_zone_gives_other_recordings(stack, monkeypatch):
    monkeypatch.setenv("PRECRISIS_CITY_PACK", str(ROOT / "infra" / "city" / "trento"))
    samples.lay_out(stack)
    names = {path.name for path in (stack.state / "samples" / "footage").rglob("*.avi")}
    assert "duomo-nord_20260304T172000Z.avi" in names  # 18:20 in Trento's winter


@pytest.mark.parametrize(
    ("name", "columns", "start", "end"),
    [
        ("incidents.csv", INCIDENT_COLUMNS, "occurred_from", "occurred_to"),
        ("calendar.csv", CALENDAR_COLUMNS, "starts_at", "ends_at"),
    ],
)
def test_records_have_the_agreed_columns_and_end_after_they_start(stack, name, columns, start, end):
    samples.lay_out(stack)
    written = rows(stack, name)
    assert set(written[0]) == set(columns)
    for row in written:
        moments = [dt.datetime.fromisoformat(row[column]) for column in (start, end)]
        assert moments[0] <= moments[1] <= moments[0] + dt.timedelta(days=1)
        assert {moment.utcoffset() for moment in moments} == {dt.timedelta()}


def test_laid_out_twice_the_files_are_the_same(stack):
    samples.lay_out(stack)
    before = {p: p.read_bytes() for p in (stack.state / "samples").rglob("*") if p.is_file()}
    samples.lay_out(stack)
    after = {p: p.read_bytes() for p in (stack.state / "samples").rglob("*") if p.is_file()}
    assert after == before
