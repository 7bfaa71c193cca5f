"""A near camera, made up: a portrait (public domain, ships with matplotlib) before a wall."""

from collections.abc import Iterator

import cv2
import matplotlib
import numpy as np

from models.video.background import TimedFrame

SIZE = (480, 640)
HEIGHTS_PX = (200, 260, 320)


def scenes(count: int = 30, is_still: bool = False) -> Iterator[TimedFrame]:
    """Frames 3 s apart; the portrait passes by, comes nearer, or stands still all the time."""
    random = np.random.default_rng(7)
    wall = cv2.GaussianBlur(random.integers(60, 170, (*SIZE, 3)).astype(np.uint8), (15, 15), 0)
    for i in range(count):
        height = HEIGHTS_PX[0 if is_still else i % len(HEIGHTS_PX)]
        person = _portrait(height)
        left = 200 if is_still else round(i * (SIZE[1] - person.shape[1]) / (count - 1))
        frame = wall.copy()
        frame[-height:, left : left + person.shape[1]] = person
        yield TimedFrame(3.0 * i, frame)


def _portrait(height_px: int) -> np.ndarray:
    picture = cv2.imread(f"{matplotlib.get_data_path()}/sample_data/grace_hopper.jpg")
    width_px = round(picture.shape[1] * height_px / picture.shape[0])
    return cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
