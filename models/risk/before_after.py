"""Did a measure (light, camera, patrol, redesign) help? Its place, its ring, and places like it.

Difference in differences of log counts. Interval and p come from placebos: each control place is
taken as if it had had the measure (Abadie, Diamond and Hainmueller 2010), so what places do by
themselves, more than Poisson says, is in it. Displacement is the same figure for the ring around,
and the weighted displacement quotient (Bowers and Johnson 2003).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import t

MODEL_VERSION = "before-after-1"
HALF = 0.5  # added to each count, so that none is zero (Haldane 1956)
MIN_CONTROLS = 10
LEVEL_PARTS = 4  # the time before is cut in so many parts, and places are matched on each


class NotEnoughControls(ValueError):
    """Too few comparable places; says how many there are and what to change."""


@dataclass(frozen=True)
class Measure:
    """What was done where (`xy` metres) and when; it works within `radius_m`, then the ring."""

    kind: str
    xy: tuple[float, float]
    on: np.datetime64
    radius_m: float = 150.0
    ring_m: float = 300.0


@dataclass(frozen=True)
class Change:
    """Change against the controls in per cent, its 95 % interval, and p of so much by chance."""

    pct: float
    low_pct: float
    high_pct: float
    p: float


@dataclass(frozen=True)
class Effect:
    """Change at the place and in its ring, WDQ, counts (before, after), and how many controls."""

    place: Change
    ring: Change
    displacement_quotient: float | None
    counts: dict[str, tuple[int, int]]
    controls: int


def effect(
    measure: Measure,
    xy: np.ndarray,
    at: np.ndarray,
    candidates: np.ndarray,
    days: int,
    controls: int = 20,
) -> Effect:
    """Compare `days` before and after the measure at its place with the best matched candidates.

    `xy` (n, 2) metres and `at` (n,) datetime64 are incidents, `candidates` (k, 2) middles of places
    that had no measure. A negative change is a gain; positive in the ring, it moved there.

    Raises:
        NotEnoughControls: fewer than ten candidates lie clear of the measure's ring and each other.
    """
    places = np.vstack([measure.xy, _apart(np.asarray(candidates, float), measure)])
    inner, ring = _counts(places, xy, at, measure, days)
    matched = _matched(inner, controls)
    if len(matched) < MIN_CONTROLS:
        raise NotEnoughControls(
            f"{len(matched)} comparable places, {MIN_CONTROLS} are needed: name more candidates"
            f" at least {2 * measure.ring_m:g} m from the measure and each other"
        )
    sums = {"place": inner[0], "ring": ring[0], "controls": inner[matched].sum(axis=0)}
    pairs = {k: (int(v[:-1].sum()), int(v[-1])) for k, v in sums.items()}
    return Effect(
        _change(inner, matched),
        _change(ring, matched),
        displacement_quotient(pairs["place"], pairs["ring"], pairs["controls"]),
        pairs,
        len(matched),
    )


def _change(counts: np.ndarray, matched: np.ndarray) -> Change:
    """What the place did, as sure as places that had no measure keep still (Student's t).

    A place with fewer incidents than the placebos scatters more, and its interval is wider.
    """
    own, placebo = _differences(counts, matched)
    noise = _log_variance(counts)
    wider = np.sqrt(max(noise[0] / noise[matched].mean(), 1.0))
    reach = wider * t.ppf(0.975, len(placebo) - 1) * placebo.std(ddof=1)
    pct = (100 * np.expm1([own, own - reach, own + reach])).tolist()
    return Change(*pct, (1 + int((np.abs(placebo) >= abs(own)).sum())) / (1 + len(placebo)))


def _apart(candidates: np.ndarray, measure: Measure) -> np.ndarray:
    """Candidates whose rings touch neither the measure's nor an earlier candidate's."""
    kept = [np.asarray(measure.xy, float)]
    for place in candidates:
        if np.linalg.norm(np.array(kept) - place, axis=1).min() >= 2 * measure.ring_m:
            kept.append(place)
    return np.array(kept[1:]).reshape(-1, 2)


def _counts(places, xy, at, measure, days) -> tuple[np.ndarray, np.ndarray]:
    """Counts within the radius and in the ring, shape (places, parts before + 1 after)."""
    offset = (at - measure.on) / np.timedelta64(1, "D")
    part = np.where(offset < 0, np.floor((offset / days + 1) * LEVEL_PARTS), LEVEL_PARTS)
    used = (offset >= -days) & (offset < days)
    tree, part = cKDTree(xy[used]), part[used].astype(int)

    def count(radius_m: float) -> np.ndarray:
        near = tree.query_ball_point(places, radius_m)
        return np.array([np.bincount(part[n], minlength=LEVEL_PARTS + 1) for n in near])

    inner = count(measure.radius_m)
    return inner, count(measure.ring_m) - inner


def _matched(counts: np.ndarray, controls: int) -> np.ndarray:
    """Rows (not 0, the place itself) whose counts before were most alike, as square roots."""
    before = np.sqrt(counts[:, :LEVEL_PARTS])
    distance = np.linalg.norm(before[1:] - before[0], axis=1)
    return 1 + np.argsort(distance, kind="stable")[:controls]


def _differences(counts: np.ndarray, matched: np.ndarray) -> tuple[float, np.ndarray]:
    """Log ratio after over before against the other controls': the place's, and each placebo's."""

    def change(rows: np.ndarray) -> float:
        total = counts[rows].sum(axis=0)
        return float(np.log((total[-1] + HALF) / (total[:-1].sum() + HALF)))

    placebo = [change(m[None]) - change(matched[matched != m]) for m in matched]
    return change(np.array([0])) - change(matched), np.array(placebo)


def _log_variance(counts: np.ndarray) -> np.ndarray:
    """Poisson variance of each place's log ratio after over before."""
    before, after = counts[:, :-1].sum(axis=1), counts[:, -1]
    return 1 / (before + HALF) + 1 / (after + HALF)


def displacement_quotient(
    place: tuple[int, int], ring: tuple[int, int], control: tuple[int, int]
) -> float | None:
    """WDQ from counts (before, after): below 0 displaced, above 0 the gain spread to the ring.

    None where the place itself did not gain, since then there is nothing to displace.
    """
    if 0 in control:
        return None
    own, around = (c[1] / control[1] - c[0] / control[0] for c in (place, ring))
    return float(around / own) if own < 0 else None
