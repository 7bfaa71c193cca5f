"""The weekly forecast: rows by cell and hour, and its score; times that are intervals."""

import numpy as np
import pandas as pd
import pytest

from models.risk import stored
from models.risk.aoristic import aoristic_weights, hour_of_week
from models.risk.forecast import Incidents, NotEnoughIncidents, bands, fit, rows
from models.risk.forecast_score import score
from models.risk.grid import Grid
from models.risk.stored import packed, unpacked
from tests.unit.risk_town import town

START = np.datetime64("2024-06-03")  # a Monday
NEVER = np.datetime64("NaT")


def incidents(count: int = 2_000, hour: int = 22) -> Incidents:
    """Weeks of incidents, all at one hour of the day."""
    xy, week = town(count)
    day = np.arange(count) % 7
    start = START + (week * 7 + day).astype("timedelta64[D]") + np.timedelta64(hour, "h")
    return Incidents(xy, start, np.full(count, NEVER, "datetime64[h]"))


def forecast(known: Incidents):
    return fit(known, Grid.covering(known.xy, 300), START)


def test_rows_fill_the_hours_once_per_cell_and_sum_to_the_level():
    known = incidents()
    told = forecast(known)
    table = rows(told)
    assert len(table) == told.grid.size * 168
    assert not table.duplicated(["cell", "starts_at"]).any()
    assert table["expected"].sum() == pytest.approx(told.outlook.total, rel=1e-6)
    assert told.outlook.total == pytest.approx(2_000 / 30, rel=0.2)
    assert (table["low"] <= table["high"]).all()
    busiest = table.loc[table["expected"].idxmax(), "starts_at"]
    assert busiest.hour == 22


def test_steps_of_a_day_are_the_sum_of_their_hours():
    told = forecast(incidents())
    hours, days = rows(told, 48), rows(told, 48, step_h=24)
    assert days["expected"].sum() == pytest.approx(hours["expected"].sum())
    assert sorted(set(days["starts_at"])) == [START, START + 1]


@pytest.mark.parametrize(("hours", "step"), [(12, 1), (169, 1), (48, 5)])
def test_other_horizons_are_refused(hours, step):
    with pytest.raises(ValueError, match="take 24 to 168"):
        rows(forecast(incidents(300)), hours, step)


def test_incidents_of_the_week_itself_change_nothing():
    known = incidents(600)
    later = Incidents(known.xy[:50], np.full(50, START.astype("datetime64[h]")), known.end[:50])
    both = (np.r_[a, b] for a, b in zip(vars(known).values(), vars(later).values(), strict=True))
    assert rows(fit(Incidents(*both), Grid.covering(known.xy, 300), START)).equals(
        rows(forecast(known))
    )


def test_without_two_weeks_there_is_no_forecast():
    known = incidents(20)
    with pytest.raises(NotEnoughIncidents, match="fewer than two weeks"):
        fit(known, Grid.covering(known.xy, 300), known.start.min().astype("datetime64[D]") + 7)


def test_the_score_holds_floor_ceiling_and_hindsight_for_each_method():
    known = incidents()
    told, (later, _) = forecast(known), town(80, 1, seed=3)
    table = score(told, later)
    assert not table.duplicated(["method", "is_published", "area_share"]).any()
    assert set(table["area_share"]) == {0.01, 0.05, 0.10}
    assert (table["hit_rate"] <= table["hindsight"]).all()
    plain = table[(table["method"] == "count-map") & ~table["is_published"]]
    assert (plain["hit_rate"] == plain["floor"]).all()
    assert table["hit_rate_free"].count() == 1
    assert score(told, np.empty((0, 2)))["hit_rate"].isna().all()


def test_context_of_a_place_is_used_where_it_tells():
    """Twice as many at bars, which are anywhere: thin counts cannot show it, context can."""
    rng = np.random.default_rng(1)
    grid = Grid.covering(np.array([[0.0, 0], [6_000, 6_000]]), 300, margin_m=0)
    bar = (rng.random(grid.size) < 0.3).astype(float)
    cells = rng.choice(grid.size, 900, p=(1 + 4 * bar) / (1 + 4 * bar).sum())
    day = np.sort(rng.integers(-70, 0, 900)).astype("timedelta64[D]")
    start = START.astype("datetime64[h]") + day
    known = Incidents(grid.centres[cells], start, np.full(900, NEVER, "datetime64[h]"))
    told = [fit(known, grid, START, c).outlook.shares for c in (None, bar[:, None])]
    unseen = ~np.isin(np.arange(grid.size), cells)
    blind, aware = (t["regression"][unseen & (bar == 1)].mean() for t in told)
    assert aware > 1.15 * blind


def test_an_interval_counts_a_bit_in_each_hour():
    start = np.array(["2024-06-03T22:00", "2024-06-03T05:30"], "datetime64[s]")
    end = np.array(["2024-06-04T02:00", "NaT"], "datetime64[s]")
    incident, hour, weight = aoristic_weights(start, end)
    assert incident.tolist() == [0, 0, 0, 0, 1]
    assert weight.tolist() == [0.25] * 4 + [1.0]
    assert hour_of_week(hour).tolist() == [22, 23, 24, 25, 5]
    long_ago = np.array(["2024-01-01"], "datetime64[s]")
    assert len(aoristic_weights(long_ago, end[:1])[0]) == 168


def test_bands_hold_the_area_they_are_judged_by_best_first():
    told = forecast(incidents())
    named = bands(told)
    assert list(named) == told.outlook.order()[: len(named)].tolist()
    held = [list(named.values()).count(band) for band in ("highest", "high", "raised")]
    upto = [round(share * told.cells_ever_hit) for share in (0.01, 0.05, 0.10)]
    assert np.cumsum(held).tolist() == upto


def test_rows_of_some_cells_are_those_of_all():
    told = forecast(incidents(600))
    few = list(bands(told))
    whole = rows(told, 48, step_h=6).set_index(["cell", "starts_at"])
    part = rows(told, 48, 6, np.array(few)).set_index(["cell", "starts_at"])
    assert len(part) == 8 * len(few)
    assert part.equals(whole.loc[part.index])


def test_what_was_stored_is_judged_as_what_was_told():
    told, (later, _) = forecast(incidents(600)), town(40, 1, seed=3)
    kept = unpacked(packed(told))
    assert kept.outlook.order().tolist() == told.outlook.order().tolist()
    pd.testing.assert_frame_equal(score(kept, later), score(told, later))
    assert packed(told) == packed(told)


def test_a_forecast_stored_in_another_format_is_refused(monkeypatch):
    monkeypatch.setattr(stored, "FORMAT", 0)
    old = packed(forecast(incidents(300)))
    monkeypatch.undo()
    with pytest.raises(ValueError, match="publish it again"):
        unpacked(old)


def test_the_score_shows_the_evidence_that_a_model_was_chosen_by():
    told = forecast(incidents())
    table = score(told, told.grid.centres[:5])
    rows_of = table[table["area_share"] == 0.05].set_index(["method", "is_published"])
    low, high = told.outlook.choice.hit_rate_gain["regression"]
    told_of = rows_of.loc[("regression", False)]
    assert (told_of["hit_gain_low"], told_of["hit_gain_high"]) == (low, high)
    assert rows_of.loc[("count-map", False), ["hit_gain_low", "likelihood_gain_low"]].isna().all()
