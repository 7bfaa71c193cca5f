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
    """Somebody in one output of one frame: the crop, and the shape where the output is flat."""

    output: str
    frame: int
    person: int
    crop: np.ndarray
    shape: Shape | None = None


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
                    yield Sighting(output, index, box.person, shown[shape.area], shape)
        for box in whole:
            crop = frame[box.area]
            yield Sighting("raw", index, box.person, crop)
            yield Sighting("raw, background removed", index, box.person, alone[box.area])
            for side in PIXEL_PX:
                yield Sighting(f"pixels of {side}", index, box.person, _pixelated(crop, side))


def _pixelated(crop: np.ndarray, side: int) -> np.ndarray:
    height, width = crop.shape[:2]
    coarse = (max(1, width // side), max(1, height // side))
    small = cv2.resize(crop, coarse, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
