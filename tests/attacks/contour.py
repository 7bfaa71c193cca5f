"""For comparison only: silhouettes that follow the outline of a body, as evidence pictures don't.

Boxes together with what differs from the plate, widened by the margin; somebody who stands still,
and differs from nothing, keeps the box as shape.
"""

import cv2
import numpy as np

from models.video.background import Plate, boxes_mask
from models.video.detector import Detection

DIFFERS_BY = 25  # of 255, in any channel
STILL = 0.3  # less of a box differs


def contour_mask(
    frame: np.ndarray, plate: Plate, people: list[Detection], margin_px: int
) -> np.ndarray:
    """Mask (uint8, 0 or 1) of the silhouettes of a frame."""
    differs = (cv2.absdiff(frame, plate.picture).max(axis=2) > DIFFERS_BY) & plate.is_known
    differs = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    mask = differs & boxes_mask(differs.shape, people, 4)
    for person in people:
        box = boxes_mask(differs.shape, [person], 0)
        if mask[box].mean() < STILL:
            mask[box] = 1
    side = 2 * margin_px + 1
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
