"""Clips as data sets keep them: a folder of numbered frames, or a video file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.video.footage import open_footage

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})
VIDEOS = frozenset({".avi", ".mp4", ".mkv", ".mov", ".ts", ".m4v"})


class NoClips(ValueError):
    """A path holds no clip; says what was looked for."""


@dataclass(frozen=True)
class Clip:
    """Frames in order; can be gone through again. `name` is what labels call it.

    `step`: a video file gives its first frame and every `step`-th after it.
    """

    name: str
    path: Path
    size: tuple[int, int] | None = None  # width, height: frames are brought to it
    step: int = 1

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield BGR frames. A frame that can't be decoded raises UnreadableVideo or NoClips."""
        frames = self._pictures() if self.path.is_dir() else self._video()
        for frame in frames:
            if self.size is None or frame.shape[1::-1] == self.size:
                yield frame
            else:
                yield cv2.resize(frame, self.size, interpolation=cv2.INTER_AREA)

    @property
    def numbers(self) -> list[int] | None:
        """The frames' own numbers, where all files have one; None for a video."""
        if not self.path.is_dir():
            return None
        found = [re.search(r"(\d+)\D*$", path.stem) for path in _pictures_in(self.path)]
        return [int(match.group(1)) for match in found] if all(found) else None

    @property
    def rate_hz(self) -> float | None:
        """Frames a second; None where only frames are kept."""
        if self.path.is_dir():
            return None
        with open_footage(self.path) as footage:
            return footage.frame_rate_hz

    def _pictures(self) -> Iterator[np.ndarray]:
        for path in _pictures_in(self.path):
            frame = cv2.imread(str(path))
            if frame is None:
                raise NoClips(f"{path}: not a picture that can be read")
            yield frame

    def _video(self) -> Iterator[np.ndarray]:
        with open_footage(self.path) as footage:
            for _, frame in footage.frames(lambda index: index % self.step == 0):
                yield frame


def clips_at(path: Path) -> list[Clip]:
    """Clips of a path: a video file; a folder of frames; a folder of such folders or of videos.

    Raises:
        NoClips: nothing of the kind there.
    """
    if path.is_file():
        return [Clip(path.stem, path)]
    if not path.is_dir():
        raise NoClips(f"{path}: there is no such file or folder")
    if _pictures_in(path):
        return [Clip(path.name, path)]
    inside = sorted(path.iterdir())
    folders = [
        Clip(entry.name, entry) for entry in inside if entry.is_dir() and _pictures_in(entry)
    ]
    videos = [Clip(entry.stem, entry) for entry in inside if entry.suffix.lower() in VIDEOS]
    if not folders + videos:
        raise NoClips(
            f"{path}: holds no folder of frames ({', '.join(sorted(PICTURES))}), no video"
        )
    return folders + videos


def _pictures_in(folder: Path) -> list[Path]:
    """Pictures in the order of the last number in their names."""
    found = [entry for entry in folder.iterdir() if entry.suffix.lower() in PICTURES]
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", path.stem)
    return int(digits[-1]) if digits else -1, path.name
