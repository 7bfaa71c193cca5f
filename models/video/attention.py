"""Where the detector has to look: the cells of the picture that changed since it last looked there.

What has not changed still shows what was found in it. So an empty square costs a comparison of two
small pictures, and somebody who stands still stays found.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from models.video.detector import MIN_SCORE, Detection, Detector, Window, cell_grid

SAMPLES = 4  # a side of each cell in the small picture that is compared
CHANGED_LEVELS = 8  # of 255: far above the noise that is left in the mean of a sample
NOISE_DEVIATIONS = 8.0  # of the picture's own noise, where that is more: night, rain
MOST_LEVELS = 25  # so that a change of half the picture is never taken for noise
LOOK_AGAIN_S = 30.0  # everywhere, whatever changed
WHOLE_SHARE = 0.6  # of the cells: looking at all of them then costs little more
DIM_LEVEL = 128  # of 255: a picture whose brightest 1 % lie below it is lifted for the detector
LIFTED_LEVEL, MAX_GAIN = 230, 4.0
MARGIN = 1.0  # cells round what changed or was found, so that nothing is cut off


class Attention:
    """What one stretch's detector has seen so far, and where it is out of date."""

    def __init__(self, detector: Detector, height_px: int, width_px: int) -> None:
        self._detector = detector
        self._rows, self._columns = cell_grid(height_px, width_px)
        self._cell_px = height_px / self._rows, width_px / self._columns
        self._seen: np.ndarray | None = None  # the small picture, as last looked at
        self._looked_at_s = -np.inf
        self._found: list[Detection] = []

    def detect(self, at_s: float, grey: np.ndarray, frame_bgr: np.ndarray) -> list[Detection]:
        """Return what is there at `at_s`, looking only where `grey` (of the frame) changed."""
        small = self._small(grey)
        frame_bgr = lifted(frame_bgr, small)
        if self._seen is None or at_s - self._looked_at_s >= LOOK_AGAIN_S:
            windows = None
        else:
            windows = self._windows(small)
        if windows is None:
            self._found = self._detector.detect(frame_bgr)
            self._seen, self._looked_at_s = small, at_s
        elif windows:
            self._look(windows, small, frame_bgr)
        return self._found

    def _look(self, windows: list[Window], small: np.ndarray, frame_bgr: np.ndarray) -> None:
        kept = [d for d in self._found if not any(_meet(self._cells(d), w) for w in windows)]
        self._found = kept + self._detector.detect(frame_bgr, windows)
        for top, left, bottom, right in windows:
            part = np.s_[top * SAMPLES : bottom * SAMPLES, left * SAMPLES : right * SAMPLES]
            self._seen[part] = small[part]

    def _small(self, grey: np.ndarray) -> np.ndarray:
        size = self._columns * SAMPLES, self._rows * SAMPLES
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)

    def _windows(self, small: np.ndarray) -> list[Window] | None:
        """Windows round what changed, and round what was found there; None: the whole picture."""
        off = cv2.absdiff(small, self._seen)
        changed = (off > _limit(small, self._seen)).astype(np.uint8)
        reach = 2 * round(MARGIN * SAMPLES) + 1
        near = cv2.dilate(changed, np.ones((reach, reach), np.uint8))
        size = self._columns, self._rows
        near = (cv2.resize(255 * near, size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
        windows = [Window(y, x, y + h, x + w) for x, y, w, h, _ in stats[1:count].tolist()]
        sure = [self._cells(d) for d in self._found if d.score >= MIN_SCORE]
        windows = joined(windows, sure)
        if sum(window.area for window in windows) > WHOLE_SHARE * self._rows * self._columns:
            return None
        return windows

    def _cells(self, found: Detection) -> Window:
        """The cells of a detection, with a margin."""
        height, width = self._cell_px
        return Window(
            max(0, int(found.y0 / height - MARGIN)),
            max(0, int(found.x0 / width - MARGIN)),
            min(self._rows, int(np.ceil(found.y1 / height + MARGIN))),
            min(self._columns, int(np.ceil(found.x1 / width + MARGIN))),
        )


def lifted(frame_bgr: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Return the frame, brighter when it is dim: the detector was taught pictures of the day."""
    level = float(np.percentile(small, 99))
    if level >= DIM_LEVEL:
        return frame_bgr
    return cv2.convertScaleAbs(frame_bgr, alpha=min(MAX_GAIN, LIFTED_LEVEL / max(level, 1.0)))


def _limit(now: np.ndarray, before: np.ndarray) -> float:
    """Levels from which a difference is no noise (deviation by the median, Gaussian noise)."""
    off = now.astype(np.int16) - before
    deviation = 1.48 * float(np.median(np.abs(off - np.median(off))))
    return min(MOST_LEVELS, max(CHANGED_LEVELS, NOISE_DEVIATIONS * deviation))


def joined(windows: Iterable[Window], found: Sequence[Window]) -> list[Window]:
    """Widen each window by what was found that it meets; join two where that is no more to do."""
    done: list[Window] = []
    waiting = list(windows)
    while waiting:
        window = waiting.pop()
        window = _round([window, *(one for one in found if _meet(one, window))])
        close = [one for one in done if _round([one, window]).area <= one.area + window.area]
        if close:
            done.remove(close[0])
            waiting.append(_round([close[0], window]))
        else:
            done.append(window)
    return sorted(done)


def _meet(a: Window, b: Window) -> bool:
    return a.top < b.bottom and b.top < a.bottom and a.left < b.right and b.left < a.right


def _round(windows: Sequence[Window]) -> Window:
    top, left, bottom, right = zip(*windows, strict=True)
    return Window(min(top), min(left), max(bottom), max(right))
