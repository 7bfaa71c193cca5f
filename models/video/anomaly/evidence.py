"""From frames to evidence: the part that calibration and scoring share, frame by frame, causal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from models.video.anomaly.patches import GRID, PatchNet
from models.video.anomaly.settings import Settings
from models.video.anomaly.speed import SpeedMap, work_size

NEAR_MOVING = np.ones((5, 5), np.uint8)  # speed-map cells round a moving one


@dataclass(frozen=True)
class CameraFrame:
    """What has to stay the same for one camera: frame size in px, rate, how tall people are."""

    height_px: int
    width_px: int
    rate_hz: float
    heights: tuple[float, float]  # slope and offset of a person's height over the foot's row, px

    def steps(self, gap_s: float) -> int:
        """Frames in `gap_s` seconds, at least one."""
        return max(1, round(gap_s * self.rate_hz))


@dataclass(frozen=True)
class Look:
    """What the network saw in one frame, cut down to what the attributes need."""

    is_moving: np.ndarray | None  # [GRID, GRID]; None: no frame before to compare with
    patches: np.ndarray  # [n, CHANNELS] of the moving places
    projected: np.ndarray  # [GRID, GRID, dims], in the scene's basis


@dataclass(frozen=True)
class Evidence:
    """What one frame shows. None: nothing new to say."""

    row_speeds: np.ndarray | None  # person heights a second, one per row of the speed map
    look: Look | None


def evidence(
    frames: Iterable[np.ndarray],
    camera: CameraFrame,
    net: PatchNet,
    basis: np.ndarray,
    settings: Settings,
) -> Iterator[Evidence]:
    """Yield one Evidence per frame (BGR, uint8), from it and the frames before it alone."""
    size = work_size(camera.height_px, camera.width_px, settings)
    speed = SpeedMap(size, camera.heights, settings)
    flow_step = camera.steps(settings.flow_gap_s)
    look_step = camera.steps(settings.feature_gap_s)
    before, shifts = None, None
    for index, frame in enumerate(frames):
        row_speeds = look = None
        if index % flow_step == 0:
            work = speed.in_work_size(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
            if before is not None:
                shifts = speed.shifts(before, work)
                row_speeds = speed.row_speeds(shifts, flow_step / camera.rate_hz)
            before = work
        if index % look_step == 0 or index == flow_step:
            is_moving = None if shifts is None else _moving(shifts, settings)
            look = _look(net.features(frame), is_moving, basis)
        yield Evidence(row_speeds, look)


def _look(features: np.ndarray, is_moving: np.ndarray | None, basis: np.ndarray) -> Look:
    patches = features[:0, 0] if is_moving is None else features[is_moving]
    return Look(is_moving, patches.astype(np.float16), (features @ basis).astype(np.float16))


def _moving(shifts: np.ndarray, settings: Settings) -> np.ndarray:
    near = cv2.dilate(shifts, NEAR_MOVING)
    return cv2.resize(near, (GRID, GRID), interpolation=cv2.INTER_AREA) > settings.moving_px
