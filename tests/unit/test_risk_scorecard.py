"""Scorecard, equity, hot spots, before and after, index weights: by hand or by planting."""

from datetime import date

import numpy as np
import pytest

from models.risk import scorecard
from models.risk.before_after import Measure, NotEnoughControls, displacement_quotient, effect
from models.risk.equity import (
    by_district,
    error_differs,
    feedback,
    found_where_named,
    poisson_interval,
)
from models.risk.hot_spots import getis_ord, hot
from models.risk.index_weights import fit_index_weights, noisy_or

RNG = np.random.default_rng(11)
ON = np.datetime64("2024-06-01")


def test_rates_by_hand():
    assert scorecard.ratio(3, 12) == 0.25
    assert scorecard.ratio(3, 0) is None
    assert scorecard.pai(0.25, 0.05) == pytest.approx(5)
    assert scorecard.pai(None, 0.05) is None
    assert scorecard.best_hits(np.array([1, 5, 3]), 2) == 8
    assert (scorecard.cells_of(0.05, 100), scorecard.cells_of(0.01, 3)) == (5, 1)


def test_the_ceiling_is_the_forecast_s_own_rate_when_it_is_true_and_higher_when_it_is_not():
    true = RNG.gamma(0.5, 20, 400)
    later, own = RNG.poisson(true), np.sort(true)[::-1][:20].sum() / true.sum()
    assert scorecard.ceiling(true, later, 20) == pytest.approx(own, abs=0.02)
    flat = np.full(400, true.mean())
    assert scorecard.ceiling(flat, later, 20) == pytest.approx(own, abs=0.04)
    assert scorecard.ceiling(true, np.zeros(400), 20) is None


def test_reliability_bins_hold_equal_expected_sums():
    expected = RNG.gamma(1, 1, (3, 500))
    table = scorecard.reliability(expected, expected * 2, bins=5)
    assert sum(row["cells"] for row in table) == 1_500
    assert [row["observed"] / row["expected"] for row in table] == pytest.approx([2] * 5)
    assert max(row["expected"] for row in table) < 1.1 * expected.sum() / 5


def test_coverage_counts_both_ends():
    assert scorecard.coverage(np.array([0, 1]), np.array([2, 3]), np.array([2, 0])) == 0.5
    assert scorecard.coverage(*[np.empty(0)] * 3) is None


def test_stability_of_the_same_and_of_the_reverse():
    surface = np.arange(10.0)
    same = scorecard.ranking_stability(surface, surface, 3)
    assert list(same.values()) == pytest.approx([1, 1])
    assert scorecard.ranking_stability(surface, -surface, 3)["top_shared"] == 0


def test_hits_by_who_found_it():
    found = scorecard.by_finder(np.array([1, 1, 0, 0]), np.array(["patrol", "patrol", "call", "x"]))
    assert found["patrol"] == {"incidents": 2, "hit_rate": 1.0}
    assert found["call"]["hit_rate"] == 0


def test_districts_are_compared_on_error_and_attention():
    expected, named = np.array([4.0, 6, 5, 5]), np.array([False, True, False, False])
    rows = by_district(expected, np.array([4, 6, 10, 10]), named, np.array(list("aabb")))
    assert [row["ratio"] for row in rows] == [1.0, 2.0]
    assert rows[0]["attention_share"] == 1
    assert rows[0]["attention_over_incidents"] == pytest.approx(3)
    assert rows[1]["ratio_low"] < 2 < rows[1]["ratio_high"]


def test_an_error_that_differs_is_told_from_one_level_too_low():
    def rows(*pairs):
        return [{"expected": e, "observed": o} for e, o in pairs]

    assert error_differs(rows((100, 200), (50, 100))) == pytest.approx(1)
    assert error_differs(rows((100, 50), (100, 150))) < 1e-6
    assert error_differs(rows((100, 50), (100, 150)), dispersion=0.3) > 0.05
    assert error_differs(rows((100, 50))) is None


def test_exact_poisson_interval():
    assert poisson_interval(0) == pytest.approx((0, 3.689), abs=0.001)
    assert poisson_interval(10) == pytest.approx((4.795, 18.390), abs=0.001)


def test_what_patrols_find_where_they_are_sent_feeds_the_map():
    named = np.array([True, False, False, False])
    assert feedback(np.array([6.0, 2, 2, 2]), np.array([3.0, 3, 3, 3]), named) == pytest.approx(2)
    assert feedback(np.ones(4), np.ones(4), named) == pytest.approx(1)
    found, at_named = np.r_[np.ones(30), np.zeros(70)] > 0, np.r_[np.ones(40), np.zeros(60)] > 0
    assert found_where_named(found, at_named)["p"] < 0.001
    assert found_where_named(found[::-1], at_named)["p"] > 0.5


def test_a_planted_hot_spot_is_found_and_chance_is_not():
    counts = RNG.poisson(1.0, (60, 60))
    assert hot(getis_ord(counts, np.ones((60, 60), bool))).mean() < 0.005
    counts[20:23, 30:33] += 6
    is_hot = hot(getis_ord(counts, np.ones((60, 60), bool)))
    assert is_hot[21, 31]
    assert is_hot[40:].mean() < 0.005


def test_gi_by_hand_and_outside_the_study_area():
    counts, studied = np.array([[0, 0, 3], [0, 0, 0]]), np.array([[1, 1, 1], [1, 1, 0]], bool)
    z = getis_ord(counts, studied, radius_cells=0)
    assert np.isnan(z[1, 2])
    assert z[0, 2] == pytest.approx(2.0)  # (3 - 0.6) / (1.2 x sqrt((5 - 1) / 4))
    with pytest.raises(ValueError, match="at least two"):
        getis_ord(counts, np.zeros((2, 3), bool))


def street(drop: float, ring_gain: float = 1.0, seed: int = 0):
    """Places 1 km apart with 60 incidents a year each; the first changes after a year."""
    rng = np.random.default_rng(seed)
    places = np.array([[1_000.0 * i, 1_000.0 * j] for i in range(6) for j in range(6)])
    xy, at = [], []
    for index, place in enumerate(places):
        for radius, change in ((50, drop), (220, ring_gain)):
            rate = 60 * np.array([1, change if index == 0 else 1])
            for year, count in enumerate(rng.poisson(rate)):
                angle = rng.uniform(0, 2 * np.pi, count)
                xy.append(place + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))
                at.append(ON + (rng.integers(0, 365, count) + 365 * (year - 1)))
    measure = Measure("light", (0.0, 0.0), ON)
    return effect(measure, np.vstack(xy), np.hstack(at), places[1:], 365)


def test_a_measure_that_halves_is_seen_and_its_interval_holds_the_truth():
    found = [street(0.5, seed=seed) for seed in range(30)]
    assert np.mean([f.place.low_pct <= -50 <= f.place.high_pct for f in found]) >= 0.85
    assert np.mean([f.ring.low_pct <= 0 <= f.ring.high_pct for f in found]) >= 0.85
    assert np.mean([f.place.p <= 0.05 for f in found]) > 0.8
    assert {f.controls for f in found} == {20}


def test_a_measure_that_does_nothing_rarely_seems_to_work():
    assert np.mean([street(1.0, seed=seed).place.p <= 0.05 for seed in range(30)]) <= 0.15


def test_what_moved_to_the_ring_is_seen():
    found = [street(0.5, ring_gain=1.6, seed=seed) for seed in range(30)]
    assert np.median([f.ring.pct for f in found]) == pytest.approx(60, abs=15)
    assert np.median([f.displacement_quotient for f in found]) < -0.5


def test_displacement_quotient_by_hand():
    assert displacement_quotient((20, 10), (20, 25), (100, 100)) == pytest.approx(-0.5)
    assert displacement_quotient((10, 20), (20, 25), (100, 100)) is None
    assert displacement_quotient((10, 5), (1, 1), (0, 3)) is None


def test_too_few_places_to_compare_with_are_refused():
    with pytest.raises(NotEnoughControls, match="0 comparable places"):
        effect(
            Measure("camera", (0, 0), ON),
            np.zeros((3, 2)),
            np.full(3, ON),
            np.array([[100.0, 0]]),
            90,
        )


TODAY = {"baseline": 0.35, "crowding": 0.6, "event": 0.45}


def reviews(count: int, truth: dict[str, float]):
    signals = {name: RNG.random(count) * (RNG.random(count) < 0.6) for name in truth}
    values = np.array(list(signals.values())).T
    return signals, RNG.random(count) < noisy_or(np.array(list(truth.values())), values)


def test_many_reviews_find_the_weights_and_few_leave_them():
    truth = {"baseline": 0.1, "crowding": 0.9, "event": 0.3}
    many = fit_index_weights(*reviews(5_000, truth), TODAY, date(2026, 11, 1))
    assert many.weights == pytest.approx(truth, abs=0.06)
    assert many.gain > 0
    assert all(many.low[n] <= many.weights[n] <= many.high[n] for n in truth)
    assert (many.fitted_on, many.reviews) == (date(2026, 11, 1), 5_000)
    few = fit_index_weights(*reviews(4, truth), TODAY, date(2026, 11, 1))
    assert few.weights == pytest.approx(TODAY, abs=0.1)


def test_a_weight_that_policy_limits_stays_below():
    signals, accepted = reviews(2_000, {"baseline": 0.9, "crowding": 0.5, "event": 0.5})
    found = fit_index_weights(signals, accepted, TODAY, date(2026, 11, 1), {"baseline": 0.35})
    assert found.weights["baseline"] <= 0.35


def test_reviews_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="baseline, crowding, event once per review"):
        fit_index_weights({"crowding": [1.0]}, [True], TODAY, date(2026, 11, 1))
    with pytest.raises(ValueError, match="keep today's weights"):
        fit_index_weights({n: [] for n in TODAY}, [], TODAY, date(2026, 11, 1))
