"""Covariates of when: what was put into made-up weeks enters, what was not stays out."""

import numpy as np
import pytest

from models.risk.covariates import Choices, select, tilted

ZONES, WEEKS, HOURS = 8, 104, 168
RNG = np.random.default_rng(11)
ZONE = RNG.gamma(1, 1, ZONES)
# A zone's own rhythm: nights out in one, mornings in another.
RHYTHM = RNG.dirichlet(np.full(HOURS, 0.1), ZONES)


def weeks_of(log_factor: np.ndarray, a_week: float = 25) -> np.ndarray:
    """Counts (zones, weeks, hours) of so many incidents a week, times a factor (weeks, hours)."""
    rate = a_week * (ZONE / ZONE.sum())[:, None] * RHYTHM
    return np.random.default_rng(3).poisson(rate[:, None] * np.exp(log_factor))


def choices_of(counts: np.ndarray, features: np.ndarray) -> Choices:
    """Each incident in the four weeks around it; features (zones, weeks, hours, k)."""
    zone, week, hour = (np.repeat(part, counts[counts > 0]) for part in np.nonzero(counts))
    around = (week // 4 * 4)[:, None] + np.arange(4)
    of = features[zone[:, None], around, hour[:, None]]
    return Choices(of, np.zeros(around.shape), week % 4, np.ones(len(week)), week)


def on_all_zones(*by_hour: np.ndarray) -> np.ndarray:
    stacked = np.stack(by_hour, axis=-1)
    return np.broadcast_to(stacked, (ZONES, *stacked.shape))


@pytest.fixture(scope="module")
def rain() -> np.ndarray:
    return (RNG.random((WEEKS, HOURS)) < 0.2).astype(float)


def test_a_true_effect_enters_with_its_size_and_a_false_one_stays_out(rain):
    other = (RNG.random((WEEKS, HOURS)) < 0.2).astype(float)
    found = select(choices_of(weeks_of(0.7 * rain), on_all_zones(rain, other)), ["rain", "other"])
    assert [c.is_used for c in found] == [True, False]
    assert found[0].low < 0.7 < found[0].high
    assert found[0].coefficient == pytest.approx(0.7, abs=0.15)
    assert found[1].gain_low <= 0


def test_of_two_that_go_together_only_the_one_that_works_enters(rain):
    wet = np.where(RNG.random(rain.shape) < 0.8, rain, 1 - rain)
    found = select(choices_of(weeks_of(0.9 * rain), on_all_zones(wet, rain)), ["wet", "rain"])
    assert [c.is_used for c in found] == [False, True]


def test_what_a_zone_and_its_hour_always_have_is_no_effect():
    always = np.broadcast_to(RHYTHM[:, None, :, None] > 0.01, (ZONES, WEEKS, HOURS, 1)) * 1.0
    (found,) = select(choices_of(weeks_of(np.zeros((WEEKS, HOURS))), always), ["always"])
    assert (found.coefficient, found.is_used) == (0, False)


def recent_days(counts: np.ndarray) -> np.ndarray:
    """ln(1 + incidents of the zone in the two days before), by hour (zones, weeks, hours)."""
    daily = counts.reshape(ZONES, WEEKS * 7, 24).sum(axis=2)
    before = np.pad(daily, ((0, 0), (2, 0)))
    recent = before[:, :-2][:, : WEEKS * 7] + before[:, 1:-1][:, : WEEKS * 7]
    return np.repeat(np.log1p(recent), 24, axis=1).reshape(ZONES, WEEKS, HOURS)


def repeating(share: float) -> np.ndarray:
    """Counts of which each makes `share` of another in its zone in the two days after."""
    rng, background = np.random.default_rng(4), weeks_of(np.zeros((WEEKS, HOURS)))
    counts = background.reshape(ZONES, WEEKS * 7, 24).copy()
    for day in range(WEEKS * 7 - 2):
        made = rng.poisson(share / 2 * counts[:, day].sum(axis=1))
        for zone, after in ((z, a) for z in np.flatnonzero(made) for a in (1, 2)):
            counts[zone, day + after, rng.integers(0, 24, made[zone])] += 1
    return counts.reshape(ZONES, WEEKS, HOURS)


@pytest.mark.parametrize(("share", "is_used"), [(0.6, True), (0.0, False)])
def test_near_repeats_enter_where_there_are_some_and_a_rhythm_alone_is_none(share, is_used):
    counts = repeating(share)
    choices = choices_of(counts, recent_days(counts)[..., None])
    (found,) = select(choices, ["repeat"], frozenset(["repeat"]))
    assert found.is_used is is_used


def test_a_repeat_that_would_lower_the_rate_is_not_used(rain):
    choices = choices_of(weeks_of(-1.2 * rain), on_all_zones(rain))
    assert select(choices, ["repeat"])[0].is_used
    (found,) = select(choices, ["repeat"], frozenset(["repeat"]))
    assert (found.coefficient < 0, found.is_used) == (True, False)


def test_an_hour_of_which_nothing_is_known_tells_nothing(rain):
    counts, features = weeks_of(0.7 * rain), np.array(on_all_zones(rain))
    features[:, ::4] = np.nan
    (found,) = select(choices_of(counts, features), ["rain"])
    assert (found.coefficient, found.is_used) == (0, False)


def test_the_same_is_found_again_and_little_data_prove_nothing(rain):
    few = choices_of(weeks_of(0.7 * rain, a_week=0.3), on_all_zones(rain))
    assert select(few, ["rain"]) == select(few, ["rain"])
    assert not select(few, ["rain"])[0].is_used


def test_used_covariates_bend_a_rate_and_unknown_or_unused_ones_leave_it(rain):
    other = np.zeros_like(rain)
    found = select(choices_of(weeks_of(0.7 * rain), on_all_zones(rain, other)), ["rain", "other"])
    told = tilted(np.array([[1.0, 5.0], [np.nan, 5.0]]), found)
    assert told.tolist() == [found[0].coefficient, 0]


def test_names_and_covariates_must_agree(rain):
    with pytest.raises(ValueError, match="1 covariates, but 2 names"):
        select(choices_of(weeks_of(rain), on_all_zones(rain)), ["rain", "other"])
