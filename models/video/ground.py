"""The ground that a camera sees, in metres: a homography from points that somebody measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIN_POINTS = 4
MAX_CONDITION = 1e7  # of the normalised equations: beyond it the points lie on a line
# Fruin, Pedestrian Planning and Design (1971), walkways: people per m2 up to which a level holds.
FRUIN_LEVELS = ((0.31, "A"), (0.43, "B"), (0.72, "C"), (1.08, "D"), (2.17, "E"))
MAX_DISTANCE_M = 1_000  # from the marked points' middle: nearer to the horizon nothing is measured


class BadMarks(ValueError):
    """Points that give no ground plane; says why."""


@dataclass(frozen=True)
class Mark:
    """A point on the ground: x, y in the picture (0-1 of width and height), and in metres."""

    x: float
    y: float
    x_m: float
    y_m: float


@dataclass(frozen=True)
class GroundPlane:
    """Maps the picture's lower part onto the ground.

    `error_m`: root mean square distance, in metres, between the marked points and where the plane
    of all the other points puts them; None with four points, which always fit.
    """

    matrix: np.ndarray  # 3 x 3, picture 0-1 to metres
    middle_m: tuple[float, float]
    error_m: float | None

    def metres(self, x: float, y: float) -> tuple[float, float] | None:
        """Return where on the ground the point (0-1) lies; None at or above the horizon."""
        right, down, depth = self.matrix @ (x, y, 1.0)
        if depth <= 0:
            return None
        place = float(right / depth), float(down / depth)
        off = np.hypot(place[0] - self.middle_m[0], place[1] - self.middle_m[1])
        return place if off <= MAX_DISTANCE_M else None

    def area_m2(self, polygon: Sequence[tuple[float, float]]) -> float | None:
        """Return the ground area of a polygon (0-1); None when it reaches the horizon."""
        corners = [self.metres(x, y) for x, y in polygon]
        if None in corners:
            return None
        x, y = np.array(corners).T
        return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)


def ground_plane(marks: Sequence[Mark]) -> GroundPlane:
    """Fit the plane to four or more marks (direct linear transform, Hartley and Zisserman 2004).

    Raises BadMarks: too few points, or three of four on a line.
    """
    if len(marks) < MIN_POINTS:
        raise BadMarks(f"{len(marks)} marked points; at least {MIN_POINTS} are needed")
    matrix = _homography(marks)
    off = []
    for i, left_out in enumerate(marks if len(marks) > MIN_POINTS else ()):
        others = _homography([mark for j, mark in enumerate(marks) if j != i])
        off.append(_projected(others, left_out) - (left_out.x_m, left_out.y_m))
    error_m = float(np.sqrt(np.mean(np.sum(np.square(off), axis=1)))) if off else None
    middle = np.mean([(mark.x_m, mark.y_m) for mark in marks], axis=0)
    return GroundPlane(matrix, (float(middle[0]), float(middle[1])), error_m)


def fruin_level(people_per_m2: float | None) -> str | None:
    """Return Fruin's level of service, A (free) to F (crush); None without a density."""
    if people_per_m2 is None:
        return None
    return next((level for limit, level in FRUIN_LEVELS if people_per_m2 < limit), "F")


def _homography(marks: Sequence[Mark]) -> np.ndarray:
    """Matrix that maps (x, y, 1) to metres, scaled so that the marks have positive depth."""
    seen = np.array([(mark.x, mark.y) for mark in marks])
    real = np.array([(mark.x_m, mark.y_m) for mark in marks])
    to_seen, to_real = _normalising(seen), _normalising(real)
    rows = []
    for a, b in zip(_applied(to_seen, seen), _applied(to_real, real), strict=True):
        rows.append([*a, 1, 0, 0, 0, *(-b[0] * a), -b[0]])
        rows.append([0, 0, 0, *a, 1, *(-b[1] * a), -b[1]])
    strengths, vectors = np.linalg.svd(np.array(rows))[1:]
    if strengths[7] * MAX_CONDITION < strengths[0]:
        raise BadMarks("the marked points do not span the ground: three of them lie on a line")
    matrix = np.linalg.inv(to_real) @ vectors[-1].reshape(3, 3) @ to_seen
    depths = np.c_[seen, np.ones(len(seen))] @ matrix[2]
    if not (np.all(depths > 0) or np.all(depths < 0)):
        raise BadMarks("the marked points lie on both sides of the horizon: check their order")
    return matrix * np.sign(depths[0])


def _normalising(points: np.ndarray) -> np.ndarray:
    """Matrix that brings points to mean 0 and mean distance 1."""
    middle = points.mean(axis=0)
    scale = 1 / max(1e-12, float(np.hypot(*(points - middle).T).mean()))
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _applied(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points * matrix[0, 0] + matrix[:2, 2]


def _projected(matrix: np.ndarray, mark: Mark) -> np.ndarray:
    right, down, depth = matrix @ (mark.x, mark.y, 1.0)
    return np.array([right, down]) / depth
