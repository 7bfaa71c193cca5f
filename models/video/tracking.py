"""Follow what is detected from frame to frame, within one camera and one stretch of footage.

By place and motion alone: a constant-velocity Kalman filter in each axis, the best assignment of
boxes to predictions, and weak boxes only to continue what is followed already (after SORT, Bewley
et al. 2016, and ByteTrack, Zhang et al. 2022). Nothing of anybody's looks is used. A track lives in
memory, has no name, and ends with the stretch: it must never be stored.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from models.video.detector import VEHICLES, Detection

TRACKER_VERSION = "tracks-2"
START_SCORE = 0.45  # of a box that starts a track
HOLD_SCORE = 0.35  # of a box that keeps one alive
WEAK_SCORE = 0.15  # of a box that may continue one for a while
MAX_DISTANCE = 9.2  # squared, in standard deviations: 99 % of true pairs lie within (chi2, 2 axes)
MAX_HEIGHT_RATIO = 1.6  # between two boxes of one thing
BRIDGE_S = 0.8  # for so long after the last box that keeps it alive a track still counts
MIN_HITS = 3  # boxes before a track is bridged
STILL_S = 2.0  # what has not moved for so long has to be seen more clearly: cones, bins, signs
STILL_SCORE = 0.5
MOVING_SCORE = 0.3
MOVED_HEIGHTS = 0.5  # from where it was first seen
SCORE_MEMORY = 0.7  # of a track's score that stays at a new box
SIZE_MEMORY = 0.5
# In heights of the box, so that near and far are alike.
PLACE_NOISE = 0.08  # of a detected foot point
FIRST_SPEED = {"person": 1.0, "vehicle": 6.0, "bicycle": 3.0}  # a second, of something new
ACCELERATION = {"person": 1.0, "vehicle": 3.0, "bicycle": 2.0}  # a second and second


def family_of(label: str) -> str:
    """What a box can turn into from frame to frame: a van is seen as car, then as truck."""
    return "vehicle" if label in VEHICLES else label if label == "person" else "bicycle"


@dataclass
class Axis:
    """Place and speed along one axis of the picture, px and px/s, with their covariance."""

    place: float
    speed: float
    covariance: np.ndarray

    def predict(self, gap_s: float, acceleration: float) -> None:
        """Move on by `gap_s`; `acceleration` (px/s2) is how much the speed may change."""
        step = np.array([[1.0, gap_s], [0.0, 1.0]])
        push = np.array([gap_s**2 / 2, gap_s]) * acceleration
        self.place += self.speed * gap_s
        self.covariance = step @ self.covariance @ step.T + np.outer(push, push)

    def correct(self, seen: float, noise: float) -> None:
        """Take in where the thing was seen (px), give or take `noise`."""
        gain = self.covariance[:, 0] / (self.covariance[0, 0] + noise**2)
        off = seen - self.place
        self.place += gain[0] * off
        self.speed += gain[1] * off
        self.covariance = self.covariance - np.outer(gain, self.covariance[0])


@dataclass
class Track:
    """One thing that is followed.

    `box`: where it was detected now or, while it is bridged, is expected; `score`: the running mean
    of its boxes' scores; `width`, `height`: of its boxes, smoothed, px; `places`: when (s) and
    where (px) its foot point was, smoothed.
    """

    box: Detection
    axes: tuple[Axis, Axis]
    at_s: float
    held_at_s: float
    score: float
    width: float
    height: float
    hits: int = 1
    is_seen: bool = True
    has_moved: bool = False
    was_counted: bool = False
    places: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def family(self) -> str:
        """Person, bicycle or vehicle."""
        return family_of(self.box.label)

    @property
    def is_counted(self) -> bool:
        """True when it is there as far as can be told: seen well enough, or hidden for a moment."""
        if self.at_s - self.held_at_s > BRIDGE_S or not (self.is_seen or self.has_moved):
            return False
        if self.has_moved:
            return self.score >= MOVING_SCORE
        return self.score >= (STILL_SCORE if self._is_still else START_SCORE)

    @property
    def certainty(self) -> float:
        """The score (0-1), more for what moves, less for what stays where it is or is not seen."""
        if self.has_moved:
            raised = MOVING_SCORE + (1 - MOVING_SCORE) * self.score
            return raised if self.is_seen else raised / 2
        return self.score * (0.6 if self._is_still else 1.0)

    @property
    def _is_still(self) -> bool:
        return not self.has_moved and self.at_s - self.places[0][0] > STILL_S

    def move_to(self, at_s: float) -> None:
        """Expect the thing where its speed takes it; the box goes along."""
        for axis in self.axes:
            axis.predict(at_s - self.at_s, ACCELERATION[self.family] * self.height)
        self.at_s, self.is_seen = at_s, False
        (x, y), half = (axis.place for axis in self.axes), self.width / 2
        self.box = replace(self.box, x0=x - half, x1=x + half, y0=y - self.height, y1=y)

    def take(self, seen: Detection) -> None:
        """Take in the box that was found to be this thing's."""
        for axis, place in zip(self.axes, seen.foot_point, strict=True):
            axis.correct(place, PLACE_NOISE * self.height)
        self.box, self.is_seen, self.hits = seen, True, self.hits + 1
        self.width += (1 - SIZE_MEMORY) * (seen.x1 - seen.x0 - self.width)
        self.height += (1 - SIZE_MEMORY) * (seen.y1 - seen.y0 - self.height)
        self.score += (1 - SCORE_MEMORY) * (seen.score - self.score)
        if seen.score >= HOLD_SCORE:
            self.held_at_s = self.at_s
        (x, y), (_, first_x, first_y) = (axis.place for axis in self.axes), self.places[0]
        self.places.append((self.at_s, x, y))
        self.has_moved |= math.hypot(x - first_x, y - first_y) >= MOVED_HEIGHTS * self.height

    def distance(self, seen: Detection) -> float:
        """Squared distance in standard deviations; inf when the box can't be this thing's."""
        ratio = max(seen.y1 - seen.y0, 1.0) / max(self.height, 1.0)
        is_alike = self.family == family_of(seen.label)
        if not is_alike or not 1 / MAX_HEIGHT_RATIO <= ratio <= MAX_HEIGHT_RATIO:
            return math.inf
        noise = (PLACE_NOISE * self.height) ** 2
        off = zip(self.axes, seen.foot_point, strict=True)
        return sum((p - a.place) ** 2 / (a.covariance[0, 0] + noise) for a, p in off)


class Tracker:
    """Follows the detections of one stretch."""

    def __init__(self) -> None:
        self._live: list[Track] = []
        self._at_s = -math.inf

    def update(self, at_s: float, detections: Iterable[Detection]) -> list[Track]:
        """Take in the detections at `at_s` seconds; return what is followed, seen now or not.

        Detections down to WEAK_SCORE are of use. Raises ValueError when time does not go on.
        """
        if at_s <= self._at_s:
            raise ValueError(f"time does not go on, from {self._at_s} s to {at_s} s")
        self._at_s, detections = at_s, list(detections)
        for track in self._live:
            track.move_to(at_s)
        strong = [d for d in detections if d.score >= START_SCORE]
        weak = [d for d in detections if WEAK_SCORE <= d.score < START_SCORE]
        unmatched, fresh = _assign(self._live, strong)
        _assign([track for track in unmatched if track.hits >= MIN_HITS], weak)
        self._live = [track for track in self._live if _is_expected(track)]
        self._live += [_started(detection, at_s) for detection in fresh]
        for track in self._live:
            track.was_counted |= track.is_counted
        return list(self._live)


def _is_expected(track: Track) -> bool:
    return track.is_seen or (track.hits >= MIN_HITS and track.at_s - track.held_at_s <= BRIDGE_S)


def _started(seen: Detection, at_s: float) -> Track:
    size = seen.x1 - seen.x0, seen.y1 - seen.y0
    spread = np.diag([PLACE_NOISE, FIRST_SPEED[family_of(seen.label)]]) * size[1]
    axes = tuple(Axis(place, 0.0, spread**2) for place in seen.foot_point)
    return Track(seen, axes, at_s, at_s, seen.score, *size, places=[(at_s, *seen.foot_point)])


def _assign(
    tracks: list[Track], detections: list[Detection]
) -> tuple[list[Track], list[Detection]]:
    """Give each track its detection where one fits; return what is left of both."""
    costs = np.array([[track.distance(seen) for seen in detections] for track in tracks])
    costs = costs.reshape(len(tracks), len(detections))
    pairs = zip(*linear_sum_assignment(np.minimum(costs, 2 * MAX_DISTANCE)), strict=True)
    pairs = [(i, j) for i, j in pairs if costs[i, j] <= MAX_DISTANCE]
    for i, j in pairs:
        tracks[i].take(detections[j])
    matched, taken = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        [track for i, track in enumerate(tracks) if i not in matched],
        [seen for j, seen in enumerate(detections) if j not in taken],
    )
