"""What an attacker is given: everybody in the clip, in each kind of output, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.video.background import Plate, TimedFrame, learn_plate
from models.video.detector import Detector
from models.video.silhouette import PERSON, UNKNOWN, draw
from tests.attacks.contour import DIFFERS_BY, contour_mask
from tests.attacks.shape import Shape, shape_on
from tests.attacks.sightings import RATE_HZ, boxes_by_frame, frames_of, whole_boxes

MARGIN_PX = 12  # silhouette_margin_px of the city packs
PLATE_EVERY = 25  # frames
PIXEL_PX = (8, 16)


@dataclass(frozen=True)
class Sighting:
    """Somebody in one output of one frame: the crop, and more where the output is flat.

    `company`: the other shapes around, on black; `surroundings`: the same with the plate.
    """

    output: str
    frame: int
    person: int
    crop: np.ndarray
    shape: Shape | None = None
    company: np.ndarray | None = None
    surroundings: np.ndarray | None = None


def plate_of(clip: Path, detector: Detector) -> Plate:
    """The plate of the whole clip."""
    frames = (TimedFrame(i / RATE_HZ, frame) for i, frame in frames_of(clip, PLATE_EVERY))
    return learn_plate(frames, detector, MARGIN_PX)


def sightings(
    clip: Path, truth: Path, plate: Plate, detector: Detector, every: int
) -> Iterator[Sighting]:
    """Yield everybody in every so many-th annotated frame, in all outputs."""
    boxes = boxes_by_frame(truth)
    empty = draw(plate, [], MARGIN_PX)
    for index, frame in frames_of(clip, every, last=max(boxes) + 1):
        found = detector.detect(frame)
        people = [d for d in found if d.label == "person"]
        contours = contour_mask(frame, plate, people, MARGIN_PX)
        picture = draw(plate, found, MARGIN_PX)
        flat = {
            "capsule": ((picture == PERSON).all(axis=2).astype(np.uint8), picture),
            "contour": (contours, np.where(contours[..., None] == 1, np.uint8(PERSON), empty)),
        }
        differs = (cv2.absdiff(frame, plate.picture).max(axis=2) > DIFFERS_BY) | ~plate.is_known
        alone = np.where(differs[..., None], frame, np.uint8(UNKNOWN))
        whole = whole_boxes(boxes[index], frame.shape)
        for output, (mask, shown) in flat.items():
            labels = cv2.connectedComponents(mask, connectivity=4)[1]
            for box in whole:
                if shape := shape_on(labels, box.area):
                    shapes = np.where((shown == empty).all(axis=2)[..., None], np.uint8(0), shown)
                    wide = _around(shapes, shape), _around(shown, shape)
                    yield Sighting(output, index, box.person, shown[shape.area], shape, *wide)
        for box in whole:
            crop = frame[box.area]
            yield Sighting("raw", index, box.person, crop)
            yield Sighting("raw, background removed", index, box.person, alone[box.area])
            for side in PIXEL_PX:
                yield Sighting(f"pixels of {side}", index, box.person, _pixelated(crop, side))


def _around(picture: np.ndarray, shape: Shape) -> np.ndarray:
    """The shape with its own width left and right, and half its height above and below."""
    height, width = shape.mask.shape
    padded = cv2.copyMakeBorder(
        picture, height // 2, height // 2, width, width, cv2.BORDER_CONSTANT, value=(0, 0, 0)
    )
    return padded[shape.top : shape.top + 2 * height, shape.left : shape.left + 3 * width]


def _pixelated(crop: np.ndarray, side: int) -> np.ndarray:
    height, width = crop.shape[:2]
    coarse = (max(1, width // side), max(1, height // side))
    small = cv2.resize(crop, coarse, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
