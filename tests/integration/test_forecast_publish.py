"""forecast_publish in a whole run: what is told, judged and shown, and when nothing may be."""

import datetime as dt
import itertools
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from precrisis.forecast.known import plane
from precrisis.forecast.steps import find_hot_spots, publish_forecast, score_forecast
from precrisis.outcome import StepFailed
from precrisis.retention.rows import delete_rows
from precrisis.run import Run
from precrisis.warehouse import connect, upsert
from tests import marts
from tests.unit.risk_town import town as made_up

LISBON = ZoneInfo("Europe/Lisbon")
TODAY = dt.datetime.now(LISBON).date()
WEEK = dt.timedelta(weeks=1)
TABLES = ("forecast", "forecast_cell", "forecast_hour", "forecast_window")


def run_on(day: dt.date) -> Run:
    """A run in the early morning of a local day."""
    end = dt.datetime.combine(day, dt.time(5), LISBON).astimezone(dt.UTC)
    return Run("forecast_publish", f"test-{day}", end - WEEK, end)


def record(world, until: dt.date, count: int = 900, name: str = "past", seed: int = 3) -> None:
    """Incidents of the 30 weeks before a day, at ten in the evening."""
    xy, week = made_up(count, seed=seed)
    record_at(world, xy, [until + WEEK * int(w) for w in week], name)


def record_at(world, xy: np.ndarray, days: list[dt.date], name: str) -> None:
    longitude, latitude = plane().transform(xy[:, 0], xy[:, 1], direction="INVERSE")
    evening = [dt.datetime.combine(day, dt.time(22), LISBON) for day in days]
    world.rows(
        "INSERT INTO raw.incident SELECT 'test', %s || row_number() OVER (), 'theft', '0502', "
        "at, at + interval '30 minutes', 10, 'reported', st_setsrid(st_makepoint(x, y), 4326) "
        "FROM unnest(%s::float8[], %s::float8[], %s::timestamptz[]) AS t (x, y, at)",
        name, longitude.tolist(), latitude.tolist(), evening,
    )  # fmt: skip


def published(world) -> dict[str, list]:
    """Every row of the forecasts but for when it was loaded."""
    return {
        table: world.rows(
            f"SELECT to_jsonb(t) - 'loaded_at' AS row FROM raw.{table} AS t ORDER BY 1"
        )
        for table in TABLES
    }


@pytest.fixture
def known(town) -> Iterator:
    record(town, TODAY)
    return town


def test_the_named_cells_their_hours_and_windows_are_written_and_a_rerun_changes_nothing(known):
    named = publish_forecast(run_on(TODAY))
    first = published(known)
    (week,) = known.rows("SELECT * FROM raw.forecast")
    assert (week["starts_on"], week["horizon_h"], week["incident_count"]) == (TODAY, 48, 900)
    assert week["learnt_from"] == TODAY - 30 * WEEK
    cells = known.rows("SELECT * FROM raw.forecast_cell ORDER BY place")
    assert [cell["place"] for cell in cells] == list(range(1, named + 1))
    assert {cell["band"] for cell in cells} == {"highest", "high", "raised"}
    assert named == round(week["cells_ever_hit"] * 0.1)
    hours = known.rows(
        "SELECT cell_id, count(*) AS steps, sum(expected) AS expected FROM raw.forecast_hour "
        "GROUP BY cell_id"
    )
    assert {row["steps"] for row in hours} == {4}  # two days in halves, as the pack says
    whole = {cell["cell_id"]: cell["expected"] for cell in cells}
    assert {row["cell_id"]: row["expected"] for row in hours} == pytest.approx(whole, rel=1e-4)
    evening = known.rows(
        "SELECT extract(hour FROM starts_local) AS hour, sum(expected) AS expected "
        "FROM raw.forecast_hour GROUP BY 1 ORDER BY 2 DESC"
    )
    assert evening[0]["hour"] == 12  # the half of the day that holds 22:00
    assert publish_forecast(run_on(TODAY)) == named
    assert published(known) == first


def test_a_cell_lies_where_its_incidents_are_and_is_as_large_as_the_pack_says(known):
    publish_forecast(run_on(TODAY))
    best = known.rows(
        "SELECT st_area(geom::geography) AS m2, (SELECT count(*) FROM raw.incident AS i "
        "WHERE st_covers(c.geom, i.geom)) AS held FROM raw.forecast_cell AS c ORDER BY place"
    )
    assert best[0]["m2"] == pytest.approx(300**2, rel=0.01)
    assert best[0]["held"] == max(row["held"] for row in best) > 20


def test_too_few_incidents_publish_nothing_and_say_so(town):
    record(town, TODAY, count=59)
    assert publish_forecast(run_on(TODAY)) == find_hot_spots(run_on(TODAY)) == 0
    assert score_forecast(run_on(TODAY)) == 0
    assert published(town) == {table: [] for table in TABLES}
    details = town.rows("SELECT step, status, detail FROM ops.outcome WHERE dag_id <> 'test'")
    assert {row["status"] for row in details} == {"ok"}
    by_step = {row["step"]: row["detail"] for row in details}
    assert by_step["publish_forecast"] == (
        f"nothing published: 59 incidents before {TODAY}, 60 are wanted"
    )
    assert "60 are wanted" in by_step["score_forecast"]
    assert "60" in by_step["find_hot_spots"]


def test_what_was_published_is_judged_though_records_were_corrected_since(known):
    """The past is wiped and the week's incidents all lie in the cell that was named first."""
    last = TODAY - WEEK
    publish_forecast(run_on(last))
    known.rows("DELETE FROM raw.incident")
    corner = known.rows(
        "SELECT st_x(st_centroid(geom)) AS x, st_y(st_centroid(geom)) AS y "
        "FROM raw.forecast_cell WHERE place = 1"
    )[0]
    xy = np.stack(plane().transform([corner["x"]], [corner["y"]]), axis=1)
    record_at(known, np.repeat(xy, 8, axis=0), [last + dt.timedelta(days=n % 7) for n in range(8)],
              "later")  # fmt: skip
    record_at(known, xy, [TODAY], "today")  # after the week: not its business
    score_forecast(run_on(TODAY))
    rows = known.rows("SELECT * FROM raw.forecast_score WHERE method = 'published'")
    assert {(row["fitted_on"], row["is_backcast"], row["incident_count"]) for row in rows} == {
        (last, False, 8)
    }
    assert {round(row["area_share"], 2): row["hit_rate"] for row in rows} == {
        0.01: 1.0, 0.05: 1.0, 0.1: 1.0
    }  # fmt: skip
    assert [row["pai"] for row in rows if row["area_share"] > 0.09] == [pytest.approx(10)]
    others = known.rows("SELECT DISTINCT method FROM raw.forecast_score")
    assert {row["method"] for row in others} >= {
        "published", "count-map", "kernel-density", "persistence", "gamma-poisson", "regression",
    }  # fmt: skip


def test_weeks_without_a_forecast_are_told_backwards_until_one_was_published(known):
    score_forecast(run_on(TODAY))
    weeks = "SELECT DISTINCT fitted_on, is_backcast FROM raw.forecast_score ORDER BY 1"
    back = [{"fitted_on": TODAY - n * WEEK, "is_backcast": True} for n in (2, 1)]
    assert known.rows(weeks) == back
    publish_forecast(run_on(TODAY - WEEK))
    score_forecast(run_on(TODAY))
    assert known.rows(weeks) == [back[0], {**back[1], "is_backcast": False}]


def test_a_published_week_takes_the_place_of_a_backcast_that_overlaps_it(known):
    score_forecast(run_on(TODAY - dt.timedelta(days=2)))
    publish_forecast(run_on(TODAY - WEEK))
    score_forecast(run_on(TODAY))
    weeks = known.rows("SELECT DISTINCT fitted_on FROM raw.forecast_score ORDER BY 1")
    days = [week["fitted_on"] for week in weeks]
    assert TODAY - WEEK in days
    assert all(later - day >= WEEK for day, later in itertools.pairwise(days))


def test_a_week_is_split_by_district_and_by_who_found_and_says_whether_the_map_feeds_itself(known):
    known.rows("UPDATE raw.incident SET found_by = 'patrol' WHERE hashtext(source_id) % 3 = 0")
    score_forecast(run_on(TODAY))
    query = (
        "SELECT to_jsonb(s) - 'loaded_at' AS row FROM raw.forecast_split AS s "
        "WHERE fitted_on = %s ORDER BY split, name"
    )
    parts = [found["row"] for found in known.rows(query, TODAY - WEEK)]
    (week,) = known.rows(
        "SELECT * FROM raw.forecast_score WHERE fitted_on = %s AND method = 'published' "
        "AND area_share BETWEEN 0.04 AND 0.06", TODAY - WEEK,
    )  # fmt: skip
    finders = {row["name"]: row["observed"] for row in parts if row["split"] == "found_by"}
    assert set(finders) == {"patrol", "reported"}
    assert sum(finders.values()) == week["incident_count"]
    districts = {row["name"]: row for row in parts if row["split"] == "district"}
    assert set(districts) == {"Old Town", "Riverside"}
    assert all(row["expected"] > 0 for row in districts.values())
    assert 0.5 < week["feedback_ratio"] < 2  # patrols found anywhere alike
    assert 0 < week["found_odds_p"] <= 1
    others = known.rows("SELECT 1 FROM raw.forecast_score WHERE feedback_ratio IS NOT NULL")
    assert len(others) == len(known.rows("SELECT DISTINCT fitted_on FROM raw.forecast_score"))
    score_forecast(run_on(TODAY))
    assert [found["row"] for found in known.rows(query, TODAY - WEEK)] == parts


def test_the_corners_of_the_town_are_hot_and_its_quiet_rest_is_not(known):
    found = find_hot_spots(run_on(TODAY))
    rows = known.rows("SELECT * FROM raw.hot_spot")
    assert 0 < len(rows) == found < 60
    assert min(row["times_mean"] for row in rows) > 1
    repeats = known.rows("SELECT * FROM raw.near_repeat")
    assert [(r["within_m"], r["within_days"]) for r in repeats if r["is_main"]] == [(200, 7)]
    assert len(repeats) == 12
    assert find_hot_spots(run_on(TODAY)) == found


def test_G1_without_a_basis_for_the_records_none_is_read(known):
    file = known.pack / "register.yaml"
    before, entry = file.read_text().split("- purpose_id: records\n", 1)
    entry = entry.replace("valid_until: 2035-12-31", "valid_until: 2021-12-31", 1)
    file.write_text(f"{before}- purpose_id: records\n{entry}")
    known.edit_pack("city.yaml", "name: Rivermouth\n", "name: Rivermouth\n")  # read anew
    for step in (publish_forecast, score_forecast, find_hot_spots):
        with pytest.raises(StepFailed, match="NoBasis"):
            step(run_on(TODAY))
    assert published(known) == {table: [] for table in TABLES}


@pytest.fixture
def shown(known):
    for step in (publish_forecast, score_forecast, find_hot_spots):
        step(run_on(TODAY))
    marts.build(until=marts.UNTIL)
    return known


def test_the_marts_show_the_forecast_in_force_with_places_that_have_names(shown):
    marts.build(verb="build", only="tag:forecast")
    cells = shown.rows("SELECT count(*) AS n FROM raw.forecast_cell")[0]["n"]
    rows = shown.rows("SELECT * FROM marts.fct_forecast")
    assert len(rows) == 4 * cells
    assert {row["starts_on"] for row in rows} == {TODAY}
    assert {row["zone_name"] for row in rows} - {None}
    one = min(rows, key=lambda row: (row["place"], row["starts_at"]))
    assert one["starts_at"].astimezone(LISBON).replace(tzinfo=None) == one["starts_local"]
    for mart, table in (
        ("fct_forecast_window", "forecast_window"), ("fct_forecast_score", "forecast_score"),
        ("fct_hot_spot", "hot_spot"), ("fct_near_repeat", "near_repeat"),
        ("fct_forecast_split", "forecast_split"),
    ):  # fmt: skip
        held = [shown.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"]
                for name in (f"marts.{mart}", f"raw.{table}")]  # fmt: skip
        assert held[0] == held[1] > 0, mart


def test_a_forecast_whose_days_are_over_is_shown_no_longer_and_no_hot_spot_of_an_older_test(shown):
    marts.build(until=marts.UNTIL + dt.timedelta(days=4))
    assert shown.rows("SELECT 1 FROM marts.fct_forecast") == []
    assert shown.rows("SELECT 1 FROM marts.fct_forecast_window") == []
    with connect("analysis") as connection:
        row = shown.rows("SELECT * FROM raw.near_repeat WHERE is_main")[0]
        later = {**row, "tested_on": row["tested_on"] + WEEK}
        del later["loaded_at"]
        upsert(connection, "raw.near_repeat", ("tested_on", "within_m", "within_days"), [later])
    marts.build(only="+fct_hot_spot")
    assert shown.rows("SELECT 1 FROM marts.fct_hot_spot") == []


def test_retention_takes_a_forecast_with_all_that_hangs_on_it(known):
    publish_forecast(run_on(TODAY))
    delete_rows(run_on(TODAY + dt.timedelta(days=399)))
    assert published(known)["forecast"]
    delete_rows(run_on(TODAY + dt.timedelta(days=402)))
    assert published(known) == {table: [] for table in TABLES}
