"""Mixture, calibration, level, intervals, choice: each learns what was put into made-up data."""

import numpy as np
import pytest

from models.risk.calibration import fit_calibration, leave_out, poisson_fit
from models.risk.choice import choose, is_thin, paired_interval
from models.risk.gamma_poisson import fit_mixture, mixture_weights
from models.risk.grid import BadGrid
from models.risk.history import Component, History
from models.risk.hot_spots import mean_around, study_area
from models.risk.level import fit_level, fitted_dispersion, fitted_tail, interval, mid_p
from models.risk.methods import COUNT_MAP, fit_models, ranked
from models.risk.near_repeat import knox, near_repeat_table, shows_near_repeat
from models.risk.outlook import outlook
from tests.unit.risk_town import history_of, town

RNG = np.random.default_rng(5)


def test_what_lies_at_or_after_the_forecast_weighs_nothing():
    periods = np.arange(-4, 3)
    for component in (Component(0), Component(0, 2), Component(300, 2, False)):
        weights = component.period_weights(periods, 0, 0)
        assert (weights[periods >= 0] == 0).all()
        assert (weights[periods < 0] > 0).all()
    left_out = Component(0).period_weights(periods, -2, 0)
    assert left_out.tolist() == [1, 1, 0, 1, 0, 0, 0]


def test_shares_sum_to_one_and_a_kernel_reaches_the_neighbours():
    xy, period = town(300)
    history = history_of(xy, period)
    for component in (Component(0), Component(600), Component(None)):
        assert history.share(component, 0, 0).sum() == pytest.approx(1, rel=1e-5)
    assert (history.share(Component(600), 0, 0) > 0).sum() > (history.count(-1) > 0).sum()


def test_em_finds_the_weights_that_made_the_data():
    places, truth = RNG.dirichlet(np.ones(50), 2).T, np.array([0.7, 0.3])
    counts = RNG.multinomial(100_000, places @ truth)
    assert mixture_weights(places, counts) == pytest.approx(truth, abs=0.03)


def test_thin_data_lean_on_the_neighbourhood_and_ample_data_on_the_cell():
    own = [fit_mixture(history_of(*town(n)), 0).own_weight() for n in (150, 20_000)]
    assert own[0] < own[1]
    assert own[1] > 0.8


def test_own_parts_and_the_rest_are_the_whole():
    history = history_of(*town(500))
    mixture = fit_mixture(history, 0)
    own, rest = mixture.split(history, 0, 0)
    assert own @ history.counts.sum(axis=1) + rest.sum() == pytest.approx(1, rel=1e-3)


def test_poisson_regression_finds_its_coefficients_again():
    features = np.column_stack([np.ones(20_000), RNG.normal(size=20_000)])
    counts = RNG.poisson(np.exp(features @ [-1.0, 0.5]))
    found = poisson_fit(features, counts, np.zeros(20_000), np.zeros(2))
    assert found == pytest.approx([-1.0, 0.5], abs=0.03)


def test_calibrated_expectations_meet_the_left_out_counts_at_the_top():
    history = history_of(*town(2_000))
    left_out = leave_out(fit_mixture(history, 0), history, 0)
    calibration, seen, told = fit_calibration(left_out), 0.0, 0.0
    for share, counts in zip(left_out.shares, left_out.counts, strict=True):
        calibrated = calibration.apply(share)
        top = np.argsort(-calibrated)[:15]
        told, seen = told + calibrated[top].sum() * counts.sum(), seen + counts[top].sum()
    assert seen / told == pytest.approx(1, abs=0.05)


def test_the_level_follows_a_step_and_scatter_is_learnt():
    totals = np.r_[np.full(20, 70), np.full(10, 140)].astype(float)
    assert fit_level(totals, np.full(30, 7.0)).daily == pytest.approx(20, abs=1)
    with pytest.raises(ValueError, match="give earlier incidents"):
        fit_level(np.array([3.0]), np.zeros(1))


@pytest.mark.parametrize("dispersion", [0.0, 0.3])
def test_dispersion_is_found_again(dispersion):
    mean = RNG.uniform(1, 20, 20_000)
    rate = RNG.gamma(1 / dispersion, dispersion * mean) if dispersion else mean
    assert fitted_dispersion(mean, RNG.poisson(rate)) == pytest.approx(dispersion, abs=0.02)


@pytest.mark.parametrize("scale", [0.8, 3.0, 40.0])
def test_intervals_hold_what_they_say_though_counts_are_whole(scale):
    mean = RNG.uniform(0.5, 1.5, (2, 20_000)) * scale
    counts = RNG.poisson(RNG.gamma(5, mean / 5))
    tail = fitted_tail(mean[0], counts[0], 0.2)
    low, high = interval(mean[1], 0.2, tail)
    assert ((low <= counts[1]) & (counts[1] <= high)).mean() == pytest.approx(0.90, abs=0.03)


def test_mid_p_is_a_half_on_average():
    assert mid_p(RNG.poisson(2.0, 20_000), np.full(20_000, 2.0), 0).mean() == pytest.approx(
        0.5, abs=0.01
    )


def test_equal_cells_come_by_position_or_by_the_model():
    told = {COUNT_MAP: np.array([1.0, 2, 1]), "gamma-poisson": np.array([0.1, 0.2, 0.7])}
    assert ranked(told, COUNT_MAP).tolist() == [1, 0, 2]
    assert ranked(told, COUNT_MAP, tie_break=True).tolist() == [1, 2, 0]


def test_a_gain_by_luck_includes_zero_and_a_steady_one_does_not():
    incidents = np.full(20, 50)
    low, high = paired_interval(RNG.normal(0, 3, 20), incidents)
    assert low < 0 < high
    assert paired_interval(np.full(20, 2.0), incidents)[0] > 0
    assert paired_interval(np.ones(1), np.ones(1)) == (-np.inf, np.inf)


def test_where_data_are_thin_a_model_is_published_and_where_not_the_count_map_names_the_cells():
    thin, ample = (history_of(*town(n)) for n in (120, 20_000))
    assert is_thin(thin, 0)
    assert not is_thin(ample, 0)
    chosen = choose(thin, fit_models(thin, 0), 15)
    assert chosen.expected == chosen.ranking != COUNT_MAP
    assert choose(ample, fit_models(ample, 0), 15).ranking == COUNT_MAP


def test_what_comes_later_changes_nothing_that_was_told():
    xy, period = town(800)
    later = np.r_[xy, np.tile([[2_000.0, 2_000.0]], (300, 1))]
    at = np.r_[period, np.zeros(300, int)]
    grid = history_of(later, at).grid
    histories = [History.of(grid, grid.cells(p), w) for p, w in ((xy, period), (later, at))]
    told = [outlook(h, 0, lambda _: 7.0, 15) for h in histories]
    assert np.array_equal(told[0].expected(), told[1].expected())
    assert told[0].order().tolist() == told[1].order().tolist()


def test_repeats_within_a_week_are_seen_and_chance_is_not():
    xy, day = RNG.uniform(0, 5_000, (600, 2)), RNG.integers(0, 200, 600)
    assert not shows_near_repeat(xy, day.astype("datetime64[D]"))
    again, soon = xy[:150] + RNG.normal(0, 30, (150, 2)), day[:150] + RNG.integers(0, 4, 150)
    found = knox(np.r_[xy, again], np.r_[day, soon])
    assert (found.p, found.ratio > 2) == (0.005, True)
    table = near_repeat_table(np.r_[xy, again], np.r_[day, soon], (100, 200), (3, 7))
    assert [row["within_m"] for row in table] == [100, 100, 200, 200]


def test_a_rare_kind_borrows_the_places_of_all_kinds():
    """Twenty incidents of a kind, at the corners where everything happens."""
    xy, period = town(4_000)
    rare = np.sort(RNG.choice(4_000, 20, replace=False))
    everything = history_of(xy, period)
    grid, cells = everything.grid, everything.grid.cells(xy)
    alone, lent = (
        History.of(grid, cells[rare], period[rare], lender=lender) for lender in (None, everything)
    )
    shares = [fit_mixture(h, 0).share(h, 0, 0) for h in (alone, lent)]
    told = [np.log(share[cells]).mean() for share in shares]
    assert told[1] > told[0] + 0.2


def test_more_cells_and_periods_than_memory_holds_are_refused(monkeypatch):
    xy, week = town(200)
    held = history_of(xy, week)
    monkeypatch.setattr("models.risk.history.MAX_COUNTS", held.counts.size)
    history_of(xy, week)
    monkeypatch.setattr("models.risk.history.MAX_COUNTS", held.counts.size - 1)
    with pytest.raises(BadGrid, match="take larger cells"):
        history_of(xy, week)


def test_the_mean_around_a_cell_and_the_studied_ground_know_the_edge_of_the_grid():
    counts = np.zeros((4, 5))
    counts[0, 0] = 9
    studied = study_area(counts)
    assert np.argwhere(studied).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert mean_around(counts, studied)[studied].tolist() == [9 / 4] * 4
    assert mean_around(counts, studied)[3, 4] == 0
