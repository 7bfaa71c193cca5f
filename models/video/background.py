"""The plate: what a camera sees when nobody is there, learnt from frames of a stretch of time.

Evidence pictures take their background from it and from nowhere else, so it is built to hold
nobody: boxes are masked from a score far below the one that counts, a pixel needs enough clean
samples that agree, and the detector then searches the finished plate once more, whole and in parts.
What stays in doubt is not known, and drawn as one flat tone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from models.video.detector import MIN_SCORE, Detection, Detector
from models.video.perspective import HeightLine, fit_height_line

MASK_SCORE = 0.15  # below it the detector sees people in lamp posts
MAX_WIDTH_PX = 1280  # of a plate: wider frames are made smaller
MIN_SPAN_S = 60  # a person who waits, unseen, for less than half of it is outvoted
MIN_CLEAN = 8  # samples of a pixel
MIN_AGREEING = 0.6  # share of a pixel's clean samples that lie close to their median
CLOSE_LEVELS = 25  # of 255
MAX_UNKNOWN = 0.3  # share of a plate's pixels
STRIP_ROWS = 64  # so that sorting needs little memory


class NoPlate(Exception):
    """No plate can be had from these frames; says why."""


@dataclass(frozen=True)
class Plate:
    """The empty scene (BGR), which of its pixels are known, and how tall people are in it."""

    picture: np.ndarray
    is_known: np.ndarray
    heights: HeightLine | None = None


@dataclass(frozen=True)
class TimedFrame:
    """A frame (BGR, uint8) and when it was taken, in seconds from any common start."""

    at_s: float
    picture: np.ndarray


def in_plate_size(frame_bgr: np.ndarray) -> np.ndarray:
    """Return the frame, made smaller when it is wider than a plate may be."""
    height_px, width_px = frame_bgr.shape[:2]
    if width_px <= MAX_WIDTH_PX:
        return frame_bgr
    size = MAX_WIDTH_PX, round(height_px * MAX_WIDTH_PX / width_px)
    return cv2.resize(frame_bgr, size, interpolation=cv2.INTER_AREA)


def learn_plate(frames: Iterable[TimedFrame], detector: Detector, margin_px: int) -> Plate:
    """Learn a camera's plate: the temporal median of what lies outside every widened box.

    Raises:
        NoPlate: too few frames, or over too short a time, or of several sizes; too little of the
            picture known; or the detector still finds a person or a vehicle in the result.
    """
    frames = list(frames)
    _require_enough(frames)
    wary = replace(detector, min_score=MASK_SCORE)
    found = [wary.detect(frame.picture) for frame in frames]
    shape = frames[0].picture.shape[:2]
    is_clean = np.stack([~boxes_mask(shape, boxes, margin_px) for boxes in found])
    picture, is_known = _median(np.stack([frame.picture for frame in frames]), is_clean)
    is_known &= ~boxes_mask(shape, _doubts(picture, wary), margin_px)
    is_known = _whole_cells(is_known, margin_px)
    if (unknown := 1 - is_known.mean()) > MAX_UNKNOWN:
        raise NoPlate(f"{unknown:.0%} of the picture was never seen empty and steady")
    picture[~is_known] = 0  # what is not known is not kept either
    return Plate(picture, is_known, fit_height_line(d for boxes in found for d in boxes))


def _require_enough(frames: list[TimedFrame]) -> None:
    if len(frames) < MIN_CLEAN:
        raise NoPlate(f"{len(frames)} frames; at least {MIN_CLEAN} are needed")
    times = [frame.at_s for frame in frames]
    if (span_s := max(times) - min(times)) < MIN_SPAN_S:
        raise NoPlate(f"the frames span {span_s:.0f} s; at least {MIN_SPAN_S} s are needed")
    if len({frame.picture.shape for frame in frames}) > 1:
        raise NoPlate("the frames differ in size")


def boxes_mask(
    shape: tuple[int, int], detections: Iterable[Detection], margin_px: int
) -> np.ndarray:
    """Boolean picture of `shape` (height, width): True in each box, widened by the margin."""
    mask = np.zeros(shape, np.uint8)
    for box in detections:
        low = round(box.x0) - margin_px, round(box.y0) - margin_px
        high = round(box.x1) + margin_px, round(box.y1) + margin_px
        cv2.rectangle(mask, low, high, 1, cv2.FILLED)
    return mask.astype(bool)


def _median(frames: np.ndarray, is_clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower median over the clean samples of each pixel, and where it can be relied on."""
    picture, is_known = np.zeros(frames.shape[1:], np.uint8), np.zeros(frames.shape[1:3], bool)
    for top in range(0, len(picture), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        clean = is_clean[:, rows, :, None]
        count = clean.sum(axis=0)
        # Masked samples sort behind every level, so the clean ones come first.
        ordered = np.sort(np.where(clean, frames[:, rows], np.uint16(256)), axis=0)
        middle = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
        is_close = np.abs(frames[:, rows].astype(np.int16) - middle).max(axis=3) <= CLOSE_LEVELS
        agreeing = (is_close & clean[..., 0]).sum(axis=0)
        count = count[..., 0]
        is_known[rows] = (count >= MIN_CLEAN) & (agreeing >= MIN_AGREEING * count)
        picture[rows] = np.where(is_known[rows, :, None], middle, 0)
    return picture, is_known


def _whole_cells(is_known: np.ndarray, side_px: int) -> np.ndarray:
    """Known only where a whole cell is: a gap might have the outline of whoever stood there."""
    height, width = is_known.shape
    padding = (0, -height % side_px), (0, -width % side_px)
    padded = np.pad(is_known, padding, constant_values=True)
    rows, columns = (size // side_px for size in padded.shape)
    cells = padded.reshape(rows, side_px, columns, side_px).all(axis=(1, 3))
    return cells.repeat(side_px, axis=0).repeat(side_px, axis=1)[:height, :width]


def _doubts(picture: np.ndarray, wary: Detector) -> list[Detection]:
    """Boxes that look a little like somebody; one that looks a lot like it refuses the plate."""
    whole = wary.detect(picture)
    certain = [box.label for box in whole if box.score >= MIN_SCORE and box.label != "bicycle"]
    if certain:
        raise NoPlate(f"the detector still finds a {certain[0]} in it")
    close = [box for part in _parts(picture, wary) for box in part if box.score >= MIN_SCORE]
    return whole + close


def _parts(picture: np.ndarray, detector: Detector) -> Iterator[list[Detection]]:
    """What is found in each of nine overlapping parts of half the size: people far away."""
    height_px, width_px = picture.shape[0] // 2, picture.shape[1] // 2
    for top in (0, height_px // 2, height_px):
        for left in (0, width_px // 2, width_px):
            part = picture[top : top + height_px, left : left + width_px]
            yield [
                replace(b, x0=b.x0 + left, x1=b.x1 + left, y0=b.y0 + top, y1=b.y1 + top)
                for b in detector.detect(np.ascontiguousarray(part))
            ]
