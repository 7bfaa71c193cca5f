"""The difference attack: everybody dressed anew in the same place; the output must not tell.

The pixels of people (what differs from the plate within their boxes) are given one colour each, or
a texture, and the shading of the cloth is kept, so that the detector still sees somebody.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.video.background import Plate, boxes_mask
from models.video.detector import Detection, Detector
from models.video.silhouette import TONES, draw
from tests.attacks.contour import DIFFERS_BY


@dataclass(frozen=True)
class Difference:
    """Two outputs compared. `outside_px`: pixels that changed where neither shows a shape."""

    overlap: float  # intersection over union of the shapes
    outside_px: int
    foreign_px: int  # pixels that are neither the plate's nor one of the flat tones


def dressed_anew(
    frame: np.ndarray, plate: Plate, people: list[Detection], random: np.random.Generator
) -> np.ndarray:
    """Return the frame with other clothes, skin and hair on everybody."""
    differs = (cv2.absdiff(frame, plate.picture).max(axis=2) > DIFFERS_BY) & plate.is_known
    shading = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    painted = frame.copy()
    for person in people:
        pixels = differs & boxes_mask(differs.shape, [person], 2)
        if pixels.any():
            colour = random.uniform(30, 225, 3).astype(np.float32)
            stripes = 25 * np.sin(np.arange(len(frame)) / random.uniform(1, 6))[:, None]
            cloth = 0.7 * (shading - shading[pixels].mean()) + stripes
            painted[pixels] = np.clip(colour + cloth[..., None], 0, 255).astype(np.uint8)[pixels]
    return painted


def difference(
    frame: np.ndarray, painted: np.ndarray, plate: Plate, detector: Detector, margin_px: int
) -> Difference:
    """Draw both frames and compare what comes out."""
    empty = draw(plate, [], margin_px)
    outputs = [draw(plate, detector.detect(f), margin_px) for f in (frame, painted)]
    first, second = ((output != empty).any(axis=2) for output in outputs)
    shapes = first | second
    changed = (outputs[0] != outputs[1]).any(axis=2)
    return Difference(
        overlap=float((first & second).sum() / max(shapes.sum(), 1)),
        outside_px=int((changed & ~shapes).sum()),
        foreign_px=sum(foreign_px(output, empty) for output in outputs),
    )


def foreign_px(output: np.ndarray, empty: np.ndarray) -> int:
    """Pixels of an output that are neither those of the empty scene nor of a flat tone."""
    is_known = (output == empty).all(axis=2)
    for tone in TONES:
        is_known |= (output == np.uint8(tone)).all(axis=2)
    return int((~is_known).sum())
