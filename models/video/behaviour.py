"""Signs in how things move: what single tracks of one stretch show, told without the track.

Each says where, when and how much, and nothing of who. A stretch of footage is short, so what takes
minutes (loitering, a stopped vehicle) is told piece by piece, and put together from neighbouring
stretches by `events.name_events`.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from models.video.kinds import RUNNING, STAYING, STOPPED, WRONG_WAY
from models.video.paths import Path
from models.video.view import CameraView, Region

HELD_S = 1.5  # a box that jumps from one person to another runs for a moment only
RUNNING_FLOOR_M_S = 2.0  # slower is no sign, whatever a city's threshold
WRONG_COSINE = -0.5  # at least 120 degrees off the right way
WRONG_FLOOR_M = 1.0
STAY_FLOOR_S = 5.0
STAY_M = 2.5
STOPPED_M = 0.5

Found = tuple[str, Region, float, float, float]  # kind, region, from s, to s, value


def signs_of(paths: Iterable[Path], camera: CameraView) -> list[Found]:
    """Return what the ways of one stretch show, by kind, region and time; no way is told apart."""
    found = [
        sign
        for path in paths
        for region in camera.regions
        for first, last in path.stays(region)
        for sign in _signs(path, region, first, last)
    ]
    return sorted(found, key=lambda sign: (sign[0], sign[1].zone_id, *sign[2:]))


def _signs(path: Path, region: Region, first: int, last: int) -> Iterator[Found]:
    start_s, end_s = float(path.at_s[first]), float(path.at_s[last])
    if path.family == "person":
        yield from _running(path, region, start_s, end_s)
    if path.family in _STAYS and end_s - start_s >= STAY_FLOOR_S:
        kind, room_m = _STAYS[path.family]
        if path.spread_m(first, last) <= room_m:
            yield kind, region, start_s, end_s, end_s - start_s
    if region.way_deg is not None and last > first:
        wrong_m = _wrong_m(path, region.way_deg, first, last)
        if wrong_m >= WRONG_FLOOR_M:
            yield WRONG_WAY, region, start_s, end_s, wrong_m


_STAYS = {"person": (STAYING, STAY_M), "vehicle": (STOPPED, STOPPED_M)}


def _running(path: Path, region: Region, start_s: float, end_s: float) -> Iterator[Found]:
    """The fastest HELD_S of a stay: the lowest of the speeds that begin in it."""
    inside = [speed for speed in path.speeds() if start_s <= speed[0] and speed[1] <= end_s]
    held = [
        (min(speed for _, _, speed in run), run[0][0], run[-1][1])
        for i in range(len(inside))
        if len(run := [s for s in inside[i:] if s[0] <= inside[i][0] + HELD_S]) > 1
        and run[-1][0] >= inside[i][0] + HELD_S - HELD_S / 4
    ]
    speed, from_s, to_s = max(held, default=(0.0, 0.0, 0.0))
    if speed >= RUNNING_FLOOR_M_S:
        yield RUNNING, region, from_s, to_s, speed


def _wrong_m(path: Path, way_deg: float, first: int, last: int) -> float:
    """Metres gone against the way, 0 when the direction is right enough."""
    off = np.cos(np.radians(path.direction_deg(first, last) - way_deg))
    gone_m = float(np.hypot(*(path.metres[last] - path.metres[first])))
    return -float(off) * gone_m if off <= WRONG_COSINE else 0.0
