"""Open a footage file and give its frames; anything that is no sound video is refused by name."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

MIN_SIDE_PX = 64  # optical flow at half size needs it
MAX_SIDE_PX = 8192
MAX_FRAME_PX = 33_000_000
MAX_FRAME_RATE_HZ = 1000
MAX_LEAP_S = 10  # between two frames: a camera that was away for longer begins a new recording
# Only containers that carry their own pictures: a playlist could make the reader open other files.
CONTAINERS = ((0, b"RIFF"), (4, b"ftyp"), (0, b"\x1a\x45\xdf\xa3"), (0, b"\x47"))


class UnreadableVideo(Exception):
    """A file holds no video that can be analysed; names the file and the reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}")
        self.reason = reason


@dataclass
class Footage:
    """An open video. `frames_read` grows while frames are taken.

    `at_s`: when the frame at hand was taken, in seconds from the first, by the file's own
    timestamps. Where one runs backwards or leaps by more than MAX_LEAP_S it is not believed: the
    frame then counts as taken one mean interval after the one before (`leaps` says how often).
    """

    capture: cv2.VideoCapture
    frame_rate_hz: float
    width_px: int
    height_px: int
    frames_announced: int
    frames_read: int = 0
    at_s: float = 0.0
    leaps: int = 0
    lost_to_leaps: int = 0  # frames that were announced only because a timestamp leapt
    stamp_s: float | None = None  # the file's own timestamp of the frame at hand

    def frames(self, is_wanted: Callable[[int], bool]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (index, BGR frame) of the wanted frames; the others are not converted.

        A frame that cannot be decoded is passed over and does not count as read.
        """
        index = 0
        while self.capture.grab():
            self._tick()
            if not is_wanted(index):
                self.frames_read += 1
            elif (frame := self.capture.retrieve()[1]) is not None:
                self.frames_read += 1
                yield index, self._in_opening_size(frame)
            index += 1

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the one at hand."""
        return self.at_s + 1 / self.frame_rate_hz if self.stamp_s is not None else 0.0

    def _tick(self) -> None:
        stamp_s = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self.stamp_s is not None:
            step_s = stamp_s - self.stamp_s
            if not 0 < step_s <= MAX_LEAP_S:
                self.lost_to_leaps += max(0, round(step_s * self.frame_rate_hz) - 1)
                step_s, self.leaps = 1 / self.frame_rate_hz, self.leaps + 1
            self.at_s += step_s
        self.stamp_s = stamp_s

    def _in_opening_size(self, frame: np.ndarray) -> np.ndarray:
        if frame.shape[:2] == (self.height_px, self.width_px):
            return frame
        return cv2.resize(frame, (self.width_px, self.height_px))


@contextmanager
def open_footage(path: Path) -> Iterator[Footage]:
    """Open `path` for one pass over its frames. Raises UnreadableVideo."""
    _require_container(path)
    # One decoder thread: a worker runs several segments side by side.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise UnreadableVideo(path, "no video stream can be opened (truncated or not a video)")
        footage = _described(capture)
        _require_sound(footage, path)
        yield footage
    finally:
        capture.release()


def _described(capture: cv2.VideoCapture) -> Footage:
    return Footage(
        capture,
        frame_rate_hz=capture.get(cv2.CAP_PROP_FPS),
        width_px=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        height_px=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        frames_announced=max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))),
    )


def _require_container(path: Path) -> None:
    if not path.is_file():
        raise UnreadableVideo(path, "there is no such file")
    with path.open("rb") as content:
        head = content.read(16)
    if not head:
        raise UnreadableVideo(path, "the file is empty")
    if not any(head[at : at + len(mark)] == mark for at, mark in CONTAINERS):
        raise UnreadableVideo(path, "not a video container (AVI, MP4, Matroska or MPEG-TS)")


def _require_sound(footage: Footage, path: Path) -> None:
    width_px, height_px, rate_hz = footage.width_px, footage.height_px, footage.frame_rate_hz
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise UnreadableVideo(path, f"{width_px} x {height_px} px is below {MIN_SIDE_PX} px a side")
    if max(width_px, height_px) > MAX_SIDE_PX or width_px * height_px > MAX_FRAME_PX:
        raise UnreadableVideo(
            path,
            f"{width_px} x {height_px} px is over the limit "
            f"({MAX_SIDE_PX} px a side, {MAX_FRAME_PX} px a frame)",
        )
    if not math.isfinite(rate_hz) or not 0 < rate_hz <= MAX_FRAME_RATE_HZ:
        raise UnreadableVideo(path, f"the frame rate is not usable ({rate_hz} Hz)")
