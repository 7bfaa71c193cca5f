"""Before and after a measure: judged against places that had none, and only where that can be."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from precrisis.forecast.known import plane
from precrisis.forecast.steps import judge_measures
from precrisis.run import Run
from tests import marts

LISBON = ZoneInfo("Europe/Lisbon")
TODAY = dt.datetime.now(LISBON).date()
DONE = TODAY - dt.timedelta(days=60)
LAMPS = """
- measure_id: lamps
  kind: light
  title: {it: Lampioni, en: Lamps}
  place: [11.1215, 46.0673]
  done_on: %s
"""
EFFECT = "SELECT * FROM marts.fct_measure_effect"


def run_on(day: dt.date) -> Run:
    end = dt.datetime.combine(day, dt.time(5), LISBON).astimezone(dt.UTC)
    return Run("forecast_publish", f"test-{day}", end - dt.timedelta(weeks=1), end)


def record(town, middles: np.ndarray, before: int, after: int, name: str) -> None:
    """So many incidents at each place in the 60 days before the measure, and in those after."""
    longitude, latitude = plane().transform(*middles.T, direction="INVERSE")
    for count, since, part in ((before, DONE - dt.timedelta(days=60), "b"), (after, DONE, "a")):
        town.rows(
            "INSERT INTO raw.incident SELECT 'test', %s || p || '-' || n, 'theft', '0502', "
            "at, at + interval '30 minutes', 10, 'reported', st_setsrid(st_makepoint(x, y), 4326) "
            "FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS t (x, y, p), "
            "generate_series(1, %s) AS n, LATERAL (SELECT %s::timestamptz "
            "+ (n - 0.5) * interval '1 day' * 58 / %s AS at) AS drawn",
            f"{name}{part}", longitude.tolist(), latitude.tolist(), count, since, max(count, 1),
        )  # fmt: skip


@pytest.fixture
def lit(town):
    """Lamps at the square, where incidents fell from 40 to 8; sixteen places where they did not."""
    (town.pack / "measures.yaml").write_text(LAMPS % DONE)
    town.edit_pack("city.yaml", "country: PT", "country: PT")  # read anew
    square = np.array([plane().transform(11.1215, 46.0673)])
    record(town, square, 40, 8, "square")
    east, north = np.meshgrid(np.arange(4) * 900 + 1350, np.arange(4) * 900 + 1350)
    others = np.stack([east.ravel(), north.ravel()], axis=1).astype(float)
    for n, place in enumerate(others):
        record(town, place[None], 36 + n % 4, 35 + n % 5, f"other{n}-")
    return town


def test_a_measure_that_helped_is_told_with_its_interval_and_a_rerun_changes_nothing(lit):
    assert judge_measures(run_on(TODAY)) == judge_measures(run_on(TODAY)) == 1
    marts.build(only="+fct_measure_effect")
    (row,) = lit.rows(EFFECT)
    assert (row["verdict"], row["measure_name"], row["kind"]) == ("fewer", "Lamps", "light")
    assert (row["place_before"], row["place_after"]) == (40, 8)
    assert row["place_low_pct"] < row["place_pct"] < row["place_high_pct"] < 0
    assert -90 < row["place_pct"] < -65
    assert row["control_count"] >= 10
    assert (row["zone_id"], row["days"]) == ("town-square", 60)


def test_a_measure_of_yesterday_or_without_like_places_gets_no_verdict(lit):
    (lit.pack / "measures.yaml").write_text(LAMPS % (TODAY - dt.timedelta(days=27)))
    lit.edit_pack("city.yaml", "country: PT", "country: PT")
    judge_measures(run_on(TODAY))
    (lit.pack / "measures.yaml").write_text(LAMPS % DONE)
    lit.edit_pack("city.yaml", "country: PT", "country: PT")
    lit.rows("DELETE FROM raw.incident WHERE source_id ~ '^other[2-9]'")
    judge_measures(run_on(TODAY - dt.timedelta(days=1)))
    reasons = lit.rows("SELECT reason, place_pct FROM raw.measure_effect ORDER BY judged_on")
    assert reasons == [
        {"reason": "few_controls", "place_pct": None}, {"reason": "too_early", "place_pct": None},
    ]  # fmt: skip
