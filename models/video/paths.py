"""Where a track went: in metres where the ground is known, else in its own heights."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.video.tracking import Track
from models.video.view import CameraView, Line, Region

PERSON_M = 1.7  # stands for a person's height where the ground is not calibrated
VEHICLE_M = 1.6
SPEED_S = 1.0  # speeds are means over so long: a foot point jumps by some pixels
BORDER_HEIGHTS = 0.1  # a border is crossed when a foot point lies so far beyond it
EDGE_WIDTHS = 0.75  # a foot point so near to the picture's side, in widths of the box, is at it
EDGE_HEIGHTS = 0.15  # and so near to the picture's bottom, in heights


@dataclass(frozen=True)
class Path:
    """One track's way. `at_s`: [n]; `seen`: [n, 2], 0-1 of the picture; `metres`: [n, 2].

    `metres` are on the ground plane where the camera has one. Else they are picture distances over
    the height of the box, times that of a person: right across the picture, too short along it.
    `came_in`, `went_out`: over the edge of the picture, while the camera looked.
    """

    family: str
    at_s: np.ndarray
    seen: np.ndarray
    metres: np.ndarray
    height: float  # of the box, 0-1 of the picture's height
    came_in: bool = False
    went_out: bool = False

    def speeds(self) -> Iterator[tuple[float, float, float]]:
        """Yield (from s, to s, m/s) over each second of the way."""
        for i, start_s in enumerate(self.at_s):
            end = bisect_left(self.at_s, start_s + SPEED_S - 1e-6)
            if end < len(self.at_s):
                gap_s = self.at_s[end] - start_s
                off = np.hypot(*(self.metres[end] - self.metres[i]))
                yield float(start_s), float(self.at_s[end]), float(off / gap_s)

    def crossings(self, region: Region) -> Iterator[tuple[float, bool]]:
        """Yield (s, True: came in) for each crossing of the region's border.

        Where the region reaches the edge of the picture, so does its border.
        """
        margin, is_inside = BORDER_HEIGHTS * self.height, None
        if self.came_in and region.holds(*self.seen[0]):
            yield float(self.at_s[0]), True
        for at_s, (x, y) in zip(self.at_s, self.seen, strict=True):
            depth = region.depth(x, y)
            if abs(depth) < margin:
                continue
            if is_inside is not None and is_inside != (depth > 0):
                yield float(at_s), depth > 0
            is_inside = depth > 0
        if self.went_out and region.holds(*self.seen[-1]):
            yield float(self.at_s[-1]), False

    def line_crossings(self, line: Line) -> Iterator[tuple[float, bool]]:
        """Yield (s, True: to its right) for each time that the line is crossed between its ends."""
        margin, before, side = BORDER_HEIGHTS * self.height, None, None
        for at_s, place in zip(self.at_s, self.seen, strict=True):
            offset = line.offset(*place)
            if abs(offset) < margin:
                continue
            if side is not None and side != (offset > 0) and line.meets(before, place):
                yield float(at_s), offset > 0
            before, side = place, offset > 0

    def stays(self, region: Region) -> Iterator[tuple[int, int]]:
        """Yield (first, last) place of each stay inside the region."""
        inside = [region.holds(x, y) for x, y in self.seen]
        edges = np.flatnonzero(np.diff([0, *map(int, inside), 0])).tolist()
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            yield first, end - 1

    def direction_deg(self, first: int, last: int) -> float:
        """Direction in the picture, as of flow: 0 = right, 90 = up."""
        right, down = self.seen[last] - self.seen[first]
        return float(np.degrees(np.arctan2(-down, right)) % 360)

    def spread_m(self, first: int, last: int) -> float:
        """The longest way from the middle of a stay."""
        places = self.metres[first : last + 1]
        return float(np.hypot(*(places - np.median(places, axis=0)).T).max())


def path_of(
    track: Track,
    camera: CameraView,
    size: tuple[int, int],
    looked_s: tuple[float, float] = (-np.inf, np.inf),
) -> Path:
    """The way of a track in a picture of `size` (width, height), px.

    `looked_s`: when the first and the last frame of the stretch were looked at.
    """
    at_s, x, y = np.array(track.places).T
    seen = np.clip(np.c_[x, y] / size, 0, 1)
    return Path(
        track.family,
        at_s,
        seen,
        _metres(track, camera, seen, size),
        track.height / size[1],
        came_in=bool(looked_s[0] < at_s[0]) and _is_at_edge(track, seen[0], seen[:2][-1], size),
        went_out=bool(at_s[-1] < looked_s[1]) and _is_at_edge(track, seen[-1], seen[-2:][0], size),
    )


def _is_at_edge(track: Track, end: np.ndarray, inward: np.ndarray, size: tuple[int, int]) -> bool:
    """True when a way ends at the picture's side or bottom, give or take one look at its pace.

    Nobody's feet come in over the top. `inward`: the place next to the end.
    """
    (x, y), width = 2 * end - inward, EDGE_WIDTHS * track.width / size[0]
    return bool(min(x, 1 - x) <= width or 1 - y <= EDGE_HEIGHTS * track.height / size[1])


def _metres(
    track: Track, camera: CameraView, seen: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    if camera.ground is not None:
        places = [camera.ground.metres(x, y) for x, y in seen]
        if None not in places:
            return np.array(places)
    known_m = PERSON_M if track.family == "person" else VEHICLE_M
    return seen * size * known_m / max(track.height, 1.0)
