"""What bends the baseline: learnt from the records, read by the index, told apart from chance."""

import datetime as dt

import pytest

from precrisis.covariate_cases import cases_before
from precrisis.risk import fit_baseline
from precrisis.run import Run
from precrisis.warehouse import connect
from tests import marts
from tests.marts import HOUR, UNTIL, incident

WEEKS = 30
SINCE = UNTIL - dt.timedelta(weeks=WEEKS)
RAIN = """
INSERT INTO raw.weather_hour (source, hour_start_at, rain_mm)
SELECT 'station', h, CASE WHEN hashtext(h::text) %% 5 = 0 THEN 3 ELSE 0 END
FROM generate_series(%s::timestamptz, %s, interval '1 hour') AS h
"""
# A quarter of the wet hours, one in forty of the dry ones, in the middle of the square.
IN_THE_RAIN = """
INSERT INTO raw.incident (source, source_id, category, iccs_code, occurred_from, occurred_to,
    accuracy_m, found_by, geom)
SELECT 'test', 'wet-' || extract(epoch FROM w.hour_start_at), 'theft', '0502', w.hour_start_at,
    w.hour_start_at, 5, 'reported', st_setsrid(st_makepoint(11.1215, 46.0673), 4326)
FROM raw.weather_hour AS w
WHERE hashtext('x' || w.hour_start_at) %% CASE WHEN w.rain_mm > 0 THEN 4 ELSE 40 END = 0
    AND w.hour_start_at < %s
"""
INDEX = """
SELECT hour_start_at, risk_index, contribution_baseline, contribution_circumstances,
    contribution_near_repeat, has_circumstances, certainty, zone_id
FROM marts.fct_zone_hour WHERE zone_id = %s AND hour_start_at >= %s ORDER BY hour_start_at
"""
# What the fit reads, and the days that the index sees alike.
READ_BY_THE_FIT = "exposure:baseline_fit int_repeats_daily"
RISK = "fct_zone_hour fct_risk_covariate"


def build(models: str) -> None:
    marts.build(only=" ".join(f"+{model}" for model in models.split()))


def fitted(town) -> dict[str, dict]:
    build(READ_BY_THE_FIT)
    fit_baseline(Run("risk_score", "test", UNTIL - dt.timedelta(days=1), UNTIL))
    rows = town.rows("SELECT * FROM raw.risk_covariate")
    return {row["covariate"]: row for row in rows}


def began(town) -> None:
    """Records that reach back to SINCE, far from all."""
    incident(town, 8, 11.16, 46.1)
    town.rows("UPDATE raw.incident SET occurred_from = %s, occurred_to = %s "
              "WHERE source_id = 'incident-8'", SINCE, SINCE)  # fmt: skip


def put(town, covariate: str, coefficient: float) -> None:
    """As fitted: busy Tuesday mornings, a tenth of it else, and one covariate in use."""
    town.rows(
        "INSERT INTO raw.risk_baseline SELECT z, h, %s, %s, %s, "
        "CASE WHEN h BETWEEN 30 AND 38 THEN 0.1 ELSE 0.01 END, 'test' FROM "
        "unnest(ARRAY['town-square', 'market-square', 'river-park']) AS z, "
        "generate_series(0, 167) AS h",
        UNTIL.date(), SINCE.date(), UNTIL.date(),
    )  # fmt: skip
    town.rows(
        "INSERT INTO raw.risk_covariate VALUES (%s, %s, 99, %s, 0, 0, 0, 0, true, 'test')",
        UNTIL.date(), covariate, coefficient,
    )  # fmt: skip


def test_rain_that_brings_incidents_is_learnt_and_nothing_else_is(town):
    town.rows(RAIN, SINCE, UNTIL)
    town.rows(IN_THE_RAIN, UNTIL)
    found = fitted(town)
    assert {name for name, row in found.items() if row["is_used"]} == {"rain"}
    assert found["rain"]["coefficient_low"] > 0.5
    assert found["rain"]["gain_low"] > 0
    assert found["holiday"]["incident_count"] == found["people"]["incident_count"] == 0
    build(RISK)
    rows = town.rows(INDEX, "town-square", UNTIL - dt.timedelta(days=2))
    rain = {r["hour_start_at"] for r in town.rows(
        "SELECT hour_start_at FROM raw.weather_hour WHERE rain_mm > 0"
    )}  # fmt: skip
    wet = [row["contribution_circumstances"] for row in rows if row["hour_start_at"] in rain]
    dry = [row["contribution_circumstances"] for row in rows if row["hour_start_at"] not in rain]
    assert sum(wet) > 0 == max(dry)
    shown = town.rows("SELECT * FROM marts.fct_risk_covariate WHERE evidence = 'used'")
    assert [row["covariate"] for row in shown] == ["rain"]
    assert shown[0]["factor"] > 1.6


def test_the_fit_and_the_index_have_the_same_last_days(town):
    town.rows(RAIN, SINCE, UNTIL)
    town.rows(IN_THE_RAIN, UNTIL)
    build(READ_BY_THE_FIT)
    with connect("analysis") as connection:
        cases = [row for row in cases_before(connection, UNTIL) if row["is_taken"]]
    names = ("repeat_soon", "repeat_week", "repeat_around")
    of_day = {
        row["local_date"]: [row[name] for name in names]
        for row in town.rows("SELECT * FROM intermediate.int_repeats_daily "
                             "WHERE zone_id = 'town-square'")
    }  # fmt: skip
    monday, day = dt.date(1970, 1, 5), dt.timedelta(days=1)
    days = [monday + (7 * row["week"] + row["hour_of_week"] // 24) * day for row in cases]
    told = [[row[name] for name in names] for row in cases]
    assert told == [of_day.get(day, [None] * 3) for day in days]
    assert max(row[0] for row in of_day.values()) > 0


def test_rain_raises_what_is_expected_and_unknown_weather_lowers_only_the_certainty(town):
    began(town)
    put(town, "rain", 0.5)
    at = HOUR - dt.timedelta(hours=6)
    town.rows(RAIN, SINCE, at)
    town.rows("UPDATE raw.weather_hour SET rain_mm = (hour_start_at = %s)::int", at)
    build(RISK)
    wet, *_, last = town.rows(INDEX, "town-square", at)
    assert (wet["has_circumstances"], last["has_circumstances"]) == (True, False)
    assert wet["contribution_circumstances"] > 0 == last["contribution_circumstances"]
    assert wet["contribution_baseline"] == pytest.approx(last["contribution_baseline"], rel=0.02)
    # A signal of 0.1, raised by a factor of 2 ** 0.5.
    assert wet["risk_index"] / last["risk_index"] == pytest.approx(2**0.5, rel=0.02)
    assert last["certainty"] == pytest.approx(wet["certainty"] - 0.1)


def test_incidents_of_the_last_days_count_at_their_place_alone(town):
    for n in range(6):
        incident(town, n, 11.1215, 46.0673)
    town.rows("UPDATE raw.incident SET occurred_from = occurred_from - interval '1 day', "
              "occurred_to = occurred_to - interval '1 day'")  # fmt: skip
    incident(town, 7, 11.16, 46.1)  # far from all, so that the records reach to HOUR
    began(town)
    put(town, "repeat_soon", 0.3)
    build(RISK)
    (here, *_), (there, *_) = (town.rows(INDEX, z, HOUR) for z in ("town-square", "river-park"))
    assert here["contribution_near_repeat"] > 0 == there["contribution_near_repeat"]
    assert here["risk_index"] > there["risk_index"]
    assert here["risk_index"] == pytest.approx(
        here["contribution_baseline"] + here["contribution_near_repeat"]
    )


def test_an_index_without_any_fit_has_no_past(town):
    build(RISK)
    (row, *_) = town.rows(INDEX, "town-square", HOUR)
    assert (row["risk_index"], row["certainty"], row["has_circumstances"]) == (0, 0, True)
    assert town.rows("SELECT 1 FROM marts.fct_risk_covariate") == []


@pytest.mark.parametrize(
    ("moment", "is_dark"),
    [
        ("2025-12-21T15:00:00+00:00", 0),  # at half past, the sun sets at 15:35 UTC
        ("2025-12-21T16:00:00+00:00", 1),  # civil twilight ends at 16:08
        ("2026-06-21T19:00:00+00:00", 0),  # it ends at 19:43
        ("2026-06-21T20:00:00+00:00", 1),
        ("2026-06-21T02:00:00+00:00", 1),  # it begins at 02:52
        ("2026-06-21T03:00:00+00:00", 0),
    ],
)
def test_it_is_dark_when_civil_twilight_is_over(town, moment, is_dark):
    incident(town, 1, 11.1215, 46.0673)
    town.rows("UPDATE raw.incident SET occurred_from = '2025-12-01', occurred_to = '2025-12-01'")
    build("int_hours_described")
    (row,) = town.rows(
        "SELECT darkness FROM intermediate.int_hours_described WHERE hour_start_at = %s", moment
    )
    assert row["darkness"] == is_dark


def test_what_happened_between_two_times_counts_by_share_in_each_hour(town):
    incident(town, 1, 11.1215, 46.0673)
    town.rows("UPDATE raw.incident SET occurred_from = %s, occurred_to = %s",
              HOUR - dt.timedelta(hours=3), HOUR + dt.timedelta(hours=1))  # fmt: skip
    found = fitted(town)
    assert all(not row["is_used"] for row in found.values())
    rows = town.rows(
        "SELECT hour_start_at, incident_share FROM intermediate.int_incident_hours ORDER BY 1"
    )
    assert [row["hour_start_at"] for row in rows] == [
        HOUR + dt.timedelta(hours=h) for h in (-3, -2, -1, 0)
    ]
    assert {float(row["incident_share"]) for row in rows} == {0.25}
