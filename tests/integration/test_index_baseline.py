"""The past of the index: incidents in their zones, and a fit that asks the gate and stands."""

import datetime as dt
import json

import psycopg
import pytest

from precrisis.outcome import StepFailed
from precrisis.places import take_in_places
from precrisis.risk import fit_baseline
from precrisis.run import Run
from tests import marts
from tests.marts import UNTIL, incident

ZONED = "SELECT source_id, zone_id FROM intermediate.int_incidents_zoned ORDER BY source_id"
DAY = dt.timedelta(days=1)


def zoned(town) -> dict[str, str | None]:
    return {row["source_id"]: row["zone_id"] for row in town.rows(ZONED)}


def run_at(end: dt.datetime) -> Run:
    return Run("risk_score", f"test-{end:%Y%m%d}", end - DAY, end)


def build() -> None:
    marts.build(only="+exposure:baseline_fit")


# Which version of its row a day's count is.
KEPT = "SELECT xmin::text FROM marts.fct_incident WHERE local_date = (SELECT local_date"
KEPT += " FROM intermediate.int_incidents_zoned WHERE source_id = 'incident-2')"


def move(town, number: int, by: dt.timedelta) -> None:
    """Let the n-th incident have happened earlier, as its source now says."""
    town.rows(
        "UPDATE raw.incident SET occurred_from = occurred_from - %s, loaded_at = now(),"
        " occurred_to = occurred_to - %s WHERE source_id = %s", by, by, f"incident-{number}",
    )  # fmt: skip


def wrongly_counted(town) -> list[dict]:
    """Where counts differ from the incidents, either way."""
    columns = "zone_id, zone_name, district, local_date, category, iccs_code"
    found = f"SELECT {columns}, count(*)::int, (count(*) FILTER (WHERE found_by = 'patrol'))::int"
    found += f" FROM intermediate.int_incidents_zoned GROUP BY {columns}"
    told = f"SELECT {columns}, incident_count, patrol_count FROM marts.fct_incident"
    either = f"(({found}) EXCEPT ({told})) UNION ALL (({told}) EXCEPT ({found}))"
    return town.rows(either)


@pytest.fixture
def placed(town):
    """One inside a zone, one 30 m beside it, one far from all."""
    incident(town, 1, 11.1215, 46.0673)
    incident(town, 2, 11.1226, 46.0673)
    incident(town, 3, 11.16, 46.10)
    build()
    return town


def test_an_incident_belongs_to_the_nearest_zone_within_its_accuracy_and_60_m(placed):
    assert zoned(placed) == {
        "incident-1": "town-square", "incident-2": "town-square", "incident-3": None,
    }  # fmt: skip


def test_what_comes_later_is_placed_and_what_the_records_lost_is_forgotten(placed):
    incident(placed, 4, 11.1138, 46.06)
    placed.rows("DELETE FROM raw.incident WHERE source_id = 'incident-1'")
    build()
    assert zoned(placed) == {
        "incident-2": "town-square", "incident-3": None, "incident-4": "river-park",
    }  # fmt: skip


def test_the_first_incidents_of_a_city_that_had_none_are_placed(town):
    build()
    incident(town, 1, 11.1215, 46.0673)
    build()
    assert zoned(town) == {"incident-1": "town-square"}


def test_a_point_that_is_no_place_is_refused(town):
    with pytest.raises(psycopg.errors.CheckViolation):
        incident(town, 1, float("nan"), 46.0673)


def test_another_zone_places_old_incidents_anew(placed, run):
    placed.rows("UPDATE raw.incident SET loaded_at = now() - interval '30 days'")
    placed.rows("UPDATE intermediate.int_incidents_zoned SET loaded_at = now() - interval '9 days'")
    build()
    assert zoned(placed)["incident-2"] == "town-square"
    file = placed.pack / "zones.geojson"
    content = json.loads(file.read_text())
    new = json.loads(json.dumps(content["features"][0]))
    new["properties"] |= {"zone_id": "arcade", "name": "Arcade"}
    ring = [[11.1224, 46.067], [11.123, 46.067], [11.123, 46.0676], [11.1224, 46.0676]]
    new["geometry"]["coordinates"] = [[*ring, ring[0]]]
    content["features"].append(new)
    file.write_text(json.dumps(content))
    placed.edit_pack("city.yaml", "country: PT", "country: PT")  # read anew
    take_in_places(run)
    build()
    assert zoned(placed)["incident-2"] == "arcade"


def test_counts_by_day_follow_what_arrives_changes_and_goes_and_leave_other_days(placed):
    """Another day, another category and an arrival in one increment; a loss in the next."""
    for number in (1, 2):
        move(placed, number, DAY * number)
    build()
    assert not wrongly_counted(placed)
    (kept,) = placed.rows(KEPT)
    move(placed, 1, DAY * 5)
    placed.rows("UPDATE raw.incident SET category = 'noise' WHERE source_id = 'incident-3'")
    incident(placed, 4, 11.1138, 46.06)
    build()
    assert not wrongly_counted(placed)
    placed.rows("DELETE FROM raw.incident WHERE source_id = 'incident-4'")
    build()
    assert not wrongly_counted(placed)
    assert placed.rows(KEPT) == [kept]


def test_counts_take_the_new_name_of_a_zone(placed, run):
    placed.edit_pack("zones.geojson", '"Town Square"', '"Freedom Square"')
    take_in_places(run)
    build()
    assert not wrongly_counted(placed)
    assert "Freedom Square" in {r["zone_name"] for r in placed.rows("TABLE marts.fct_incident")}


def test_a_fit_stands_for_a_week_and_a_rerun_of_its_day_fits_again(placed):
    rows = 3 * 168
    assert fit_baseline(run_at(UNTIL)) == fit_baseline(run_at(UNTIL)) == rows
    (sums,) = placed.rows(
        "SELECT count(DISTINCT fitted_on) AS fits, sum(expected_incidents) AS week, "
        "max(trained_from) AS since FROM raw.risk_baseline"
    )
    assert sums["fits"] == 1
    assert sums["week"] == pytest.approx(2, rel=0.5)  # two placed incidents, one week at least
    assert fit_baseline(run_at(UNTIL + 6 * DAY)) == 0
    assert fit_baseline(run_at(UNTIL + 7 * DAY)) == rows


def test_G1_without_a_basis_for_the_records_no_baseline_is_fitted(placed):
    file = placed.pack / "register.yaml"
    before, entry = file.read_text().split("- purpose_id: records\n", 1)
    entry = entry.replace("valid_until: 2035-12-31", "valid_until: 2021-12-31", 1)
    file.write_text(f"{before}- purpose_id: records\n{entry}")
    placed.edit_pack("city.yaml", "name: Rivermouth\n", "name: Rivermouth\n")  # read anew
    with pytest.raises(StepFailed, match="NoBasis"):
        fit_baseline(run_at(UNTIL))
    assert placed.rows("SELECT 1 FROM raw.risk_baseline") == []
