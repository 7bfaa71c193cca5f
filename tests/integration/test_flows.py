"""Crossings of zones and lines, from footage to the hours that are shown."""

import datetime as dt

import pytest

from models.video.observation import LineCount, Observation, SegmentAnalysis
from precrisis.city import city
from precrisis.footage.analyse import write_analyses
from precrisis.footage.camera_setup import camera_view
from precrisis.places import take_in_places
from tests import marts
from tests.marts import HOUR, UNTIL, window

CAMERA = "duomo-nord"
LINE = """  lines:
    - line_id: gate
      name: The gate
      points: [[0.5, 0.2], [0.5, 0.8]]
      to_right: the river
      to_left: the hall
  regions:
    - {zone_id: town-square"""
FLOWS = """
SELECT gate_id, way, towards, crossing_count, is_suppressed, dwell_s, observed_pct
FROM marts.fct_flow_hour WHERE hour_start_at = %s ORDER BY gate_id, way
"""


@pytest.fixture
def gated(town, run):
    """The first camera's picture has a line."""
    town.edit_pack("cameras.yaml", "  regions:\n    - {zone_id: town-square", LINE)
    take_in_places(run)
    return town


def seen(n: int, to_right: int = 0, to_left: int = 0) -> SegmentAnalysis:
    """What the n-th segment of HOUR showed."""
    start = HOUR + n * dt.timedelta(seconds=10)
    times = {"window_start": start, "window_end": start + dt.timedelta(seconds=10)}
    observed = Observation(
        CAMERA, "town-square", *times.values(), 20, 20, 0.1, None, 0, None, 0, None, 20, False, "m"
    )
    line = LineCount(CAMERA, "gate", *times.values(), to_right, to_left, 0, 0, "m")
    return SegmentAnalysis((observed,), 20, 20, line_counts=(line,))


def test_the_pack_s_line_is_the_model_s(gated):
    (line,) = camera_view(city().camera(CAMERA)).lines
    assert (line.line_id, line.start, line.end) == ("gate", (0.5, 0.2), (0.5, 0.8))


def test_a_segment_analysed_again_replaces_its_crossings(gated):
    write_analyses({"a": seen(0, to_right=3), "b": seen(1, to_right=1)}, "batch")
    write_analyses({"a": seen(0, to_right=2)}, "batch")
    rows = gated.rows("SELECT people_right_count AS n FROM raw.line_crossing ORDER BY window_start")
    assert [row["n"] for row in rows] == [2, 1]


@pytest.mark.parametrize(
    ("to_left", "is_hidden"), [(0, False), (9, True), (10, False), (11, False)]
)
def test_hours_of_flow_are_shown_from_the_small_cell_on(gated, to_left, is_hidden):
    write_analyses({"a": seen(0, to_right=12, to_left=to_left)}, "batch")
    marts.build()
    flows = {(row["gate_id"], row["way"]): row for row in gated.rows(FLOWS, HOUR)}
    assert {row["is_suppressed"] for row in flows.values()} == {is_hidden}
    counts = {key: row["crossing_count"] for key, row in flows.items()}
    shown = {("gate", "left"): to_left, ("gate", "right"): 12,
             ("town-square", "in"): 0, ("town-square", "out"): 0}  # fmt: skip
    assert counts == (dict.fromkeys(shown) if is_hidden else shown)
    assert flows["gate", "right"]["towards"] == "the river"
    assert flows["gate", "right"]["observed_pct"] == pytest.approx(100 * 10 / 3600)


def test_the_stay_follows_from_presence_and_crossings_where_nothing_is_hidden(town):
    for n in range(3):
        window(town, "town-square", 20, n, entered_count=6, left_count=4)
    window(town, "town-square", 5, 360, entered_count=60, left_count=60)  # an hour later: hidden
    window(town, "town-square", 20, 361, entered_count=60, left_count=60)
    marts.build()
    (into, _) = town.rows(FLOWS, HOUR)
    assert into["crossing_count"] == 18
    assert into["dwell_s"] == pytest.approx(20 * 30 / 15)
    (later, _) = town.rows(FLOWS, HOUR + dt.timedelta(hours=1))
    assert (later["crossing_count"], later["dwell_s"]) == (120, None)


def test_an_hour_is_shown_when_it_is_over_and_counted_anew_when_more_of_it_arrives(town):
    for n in (0, 360):
        window(town, "town-square", 20, n, entered_count=20)
    marts.build(until=UNTIL - dt.timedelta(hours=1))
    hours = (
        "SELECT hour_start_at, crossing_count FROM marts.fct_flow_hour WHERE way = 'in' ORDER BY 1"
    )
    assert [row["hour_start_at"] for row in town.rows(hours)] == [HOUR]
    window(town, "town-square", 20, 1, entered_count=15)
    marts.build()
    assert [row["crossing_count"] for row in town.rows(hours)] == [35, 20]
