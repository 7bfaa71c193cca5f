"""Evidence pictures: flat shapes where people and vehicles are, on the camera's empty plate.

Safe by construction: `draw` is not given the frame. Each pixel of its result is the plate's or one
of the flat tones below, so somebody whom the detector misses is simply not there.

A person's shape holds a place and nothing else: a capsule as tall as anybody is at that place,
standing on a grid. No two capsules overlap: of people close together one is drawn, for who is with
whom leads to a person as well as a body does (tests/attacks measures both). How many there are,
the observations say. Pictures come in steps, too far apart to show a walk.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from models.video.background import Plate
from models.video.detector import VEHICLES, Detection

PERSON, PERSON_EDGE = (40, 90, 235), (255, 255, 255)  # BGR
VEHICLE, VEHICLE_EDGE = (160, 110, 30), (255, 255, 255)
UNKNOWN = (128, 128, 128)
TONES = (PERSON, PERSON_EDGE, VEHICLE, VEHICLE_EDGE, UNKNOWN)
EDGE_PX = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CAPSULE_WIDTH = 0.35  # of its height
COARSE_STEP = 2.0  # without a height line: heights are rounded to powers of it


@dataclass(frozen=True)
class _Capsule:
    """An upright capsule: middle and lower end, width and height, all px."""

    x: int
    low: int
    width: int
    height: int

    def overlaps(self, other: "_Capsule") -> bool:
        """True when the two, with their edges, share ground in the picture."""
        apart_x = abs(self.x - other.x) - (self.width + other.width) / 2
        apart_y = max(self.low - self.height - other.low, other.low - other.height - self.low)
        return max(apart_x, apart_y) < 2 * EDGE_PX

    def draw(self, picture: np.ndarray) -> None:
        """Draw a thick line with round ends, and a wider one below it as its edge."""
        low = self.low - self.width // 2
        high = min(low, self.low - self.height + self.width // 2)
        for tone, width in ((PERSON_EDGE, self.width + 2 * EDGE_PX), (PERSON, self.width)):
            cv2.line(picture, (self.x, low), (self.x, high), tone, width)


def draw(plate: Plate, detections: Iterable[Detection], margin_px: int) -> np.ndarray:
    """Return the picture (BGR, uint8) of what was detected in a frame of the plate's size.

    `margin_px` widens every shape, and is the grid that places and sizes are rounded to.
    """
    picture = np.where(plate.is_known[..., None], plate.picture, np.uint8(UNKNOWN))
    nearest_first = sorted(detections, key=lambda box: (-box.y1, box.x0))
    for box in reversed(nearest_first):
        if box.label in VEHICLES:
            _draw_block(picture, box, margin_px)
    capsules: list[_Capsule] = []
    for box in nearest_first:
        capsule = _capsule(plate, box, margin_px)
        if box.label == "person" and not any(map(capsule.overlaps, capsules)):
            capsules.append(capsule)
            capsule.draw(picture)
    return picture


def encode(picture: np.ndarray) -> bytes:
    """Return the picture as a PNG: pixels alone, no metadata."""
    is_done, content = cv2.imencode(".png", picture)
    if not is_done:
        raise ValueError(f"a picture of shape {picture.shape} can't be encoded")
    return content.tobytes()


def step_at(moment: datetime, steps_per_minute: int) -> datetime:
    """The last moment (UTC) not after `moment` at which a picture may show the scene."""
    return moment - (moment - EPOCH) % (timedelta(minutes=1) / steps_per_minute)


def _capsule(plate: Plate, box: Detection, margin_px: int) -> _Capsule:
    x, foot_y = (_on_grid(value, margin_px) for value in box.foot_point)
    height = round(_height_px(plate, box, foot_y)) + margin_px
    width = round(CAPSULE_WIDTH * height) + margin_px
    return _Capsule(x, foot_y + margin_px // 2, width, height)


def _height_px(plate: Plate, box: Detection, foot_y: int) -> float:
    if plate.heights:
        return plate.heights.height_px(foot_y)
    return COARSE_STEP ** round(math.log(max(box.y1 - box.y0, 1), COARSE_STEP))


def _draw_block(picture: np.ndarray, box: Detection, margin_px: int) -> None:
    low = tuple(_on_grid(value - margin_px, margin_px) for value in (box.x0, box.y0))
    high = tuple(_on_grid(value + margin_px, margin_px) for value in (box.x1, box.y1))
    cv2.rectangle(picture, low, high, VEHICLE, cv2.FILLED)
    cv2.rectangle(picture, low, high, VEHICLE_EDGE, EDGE_PX)


def _on_grid(value: float, grid_px: int) -> int:
    return round(value / grid_px) * grid_px
