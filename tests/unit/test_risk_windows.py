"""Grid, periods, and windows placed freely: areas, ties, and more hits than any grid."""

import numpy as np
import pytest

from models.risk.grid import BadGrid, Grid, Periods, cells_ever_hit, plane_of, projected
from models.risk.windows import place_windows
from tests.unit.risk_town import town


def test_a_point_is_in_the_cell_whose_middle_is_within_half_a_side():
    xy, _ = town(200)
    grid = Grid.covering(xy, 300)
    assert (np.abs(grid.centres[grid.cells(xy)] - xy) <= 150).all()
    assert grid.cells(np.array([[1e6, 0.0]])).tolist() == [-1]


def test_the_plane_keeps_metres():
    plane = plane_of(np.array([11.12]), np.array([46.07]))
    degree = projected(np.array([11.12, 11.12]), np.array([46.07, 46.08]), plane)
    assert np.linalg.norm(degree[1] - degree[0]) == pytest.approx(1_111.6, abs=1)


def test_a_grid_that_cannot_be_laid_is_refused():
    with pytest.raises(BadGrid, match="no incident"):
        Grid.covering(np.empty((0, 2)), 300)
    with pytest.raises(BadGrid, match="take larger cells"):
        Grid.covering(np.array([[0.0, 0], [1e6, 1e6]]), 300)


def test_cells_ever_hit_counts_a_cell_once():
    assert cells_ever_hit(np.array([[1.0, 1], [299, 299], [301, 1]]), 300) == 2


@pytest.mark.parametrize(
    ("at", "week"), [("2024-05-31T23", -1), ("2024-06-01T00", 0), ("2024-06-08T00", 1)]
)
def test_weeks_count_from_the_start(at, week):
    start = np.datetime64("2024-06-01")
    assert Periods(start).index(np.array([at], "datetime64[h]")).tolist() == [week]


def test_months_know_their_days_and_the_data_s_ends():
    months = Periods(np.datetime64("2024-03-01"), is_monthly=True)
    early, late = np.datetime64("2024-02-10"), np.datetime64("2025-01-01")
    assert months.index(np.array(["2024-02", "2024-04"], "datetime64[M]")).tolist() == [-1, 1]
    assert months.days(-1, early, late) == 20
    assert months.days(0, early, late) == 31


def test_one_window_finds_a_corner_that_the_grid_cuts_in_four():
    corner = np.array([[x, y] for x in (-40.0, 40) for y in (-40.0, 40)])
    grid = Grid.covering(corner, 300)
    placed = place_windows(grid, corner, np.ones(4), np.zeros(grid.size), 1)
    fullest = placed.corner_m[0]
    assert ((corner >= fullest) & (corner < fullest + placed.side_m)).all()
    assert placed.holds(corner).all()
    assert 0.08 < placed.km2 <= 0.09


@pytest.mark.parametrize(("cell_m", "side_m"), [(400, 200), (300, 150), (200, 150), (100, 100)])
def test_windows_are_half_a_cell_wide_and_not_under_150_m(cell_m, side_m):
    xy, _ = town(200)
    grid = Grid.covering(xy, cell_m)
    placed = place_windows(grid, xy, np.ones(len(xy)), np.zeros(grid.size), 8)
    assert placed.side_m == side_m
    assert 0.85 < placed.km2 * 1e6 / (8 * cell_m**2) < 1.0001


def test_windows_never_cover_more_than_they_may_and_beat_the_grid():
    xy, _ = town()
    grid = Grid.covering(xy, 300)
    placed = place_windows(grid, xy, np.ones(len(xy)), np.zeros(grid.size), 10)
    assert 0.85 < placed.km2 <= 0.9
    on_grid = np.sort(np.bincount(grid.cells(xy)))[-10:].sum()
    assert placed.holds(xy).sum() > on_grid
    assert placed.covered.sum() * 25**2 / 1e6 == pytest.approx(placed.km2)


def test_windows_are_the_same_again_and_follow_a_spread_where_no_incident_lies():
    xy = np.array([[0.0, 0.0]])
    grid = Grid.covering(xy, 300)
    spread = np.zeros(grid.size)
    spread[5] = 1.0
    first, second = (place_windows(grid, xy, np.zeros(1), spread, 1) for _ in range(2))
    assert first.corner_m.tolist() == second.corner_m.tolist()
    assert first.holds(grid.centres[5:6]).all()
