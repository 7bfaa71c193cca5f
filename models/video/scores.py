"""Anomaly scores of one stretch of footage: of its windows, and where they reach an alarm."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from models.video.anomaly import Calibration, Scorer
from models.video.footage import Footage

ALARM = 1.0  # scores are counted in the camera's own alarm score
APART_S = 2.0  # alarms no further apart are one: what is odd is not odd in every frame


class Scores:
    """Scores by moment, in s from the first frame; none where the camera is not calibrated."""

    def __init__(self, footage: Footage, normal: Calibration | None) -> None:
        self._by_moment: list[tuple[float, float]] = []
        self._doubts: Counter[str] = Counter()
        self._scorer: Scorer | None = None
        if normal is None:
            return
        form = footage.frame_rate_hz, footage.width_px, footage.height_px
        if doubt := normal.doubt(*form):
            self._doubts[doubt] += 1
        else:
            self._scorer = Scorer(normal, footage.frame_rate_hz)

    def is_due(self, index: int) -> bool:
        """Tell whether the frame of this number is to be looked at."""
        return self._scorer is not None and self._scorer.is_due(index)

    def look(self, index: int, at_s: float, frame: np.ndarray) -> None:
        """Take in a frame (BGR, uint8), if it is one that is due."""
        if not self.is_due(index):
            return
        value, doubt = self._scorer.look(frame)
        if value is None:
            self._doubts[doubt] += 1
        else:
            self._by_moment.append((at_s, value))

    @property
    def withheld(self) -> str | None:
        """Why there is no score of this stretch, or of parts of it: the most frequent reason."""
        return self._doubts.most_common(1)[0][0] if self._doubts else None

    def highest(self, holds: Callable[[float], bool]) -> float | None:
        """Return the highest score of the moments that `holds` takes; None without any."""
        return max((value for at_s, value in self._by_moment if holds(at_s)), default=None)

    def alarms(self) -> Iterator[tuple[float, float, float]]:
        """Yield from, to (s) and the highest score of each time that reached the alarm score."""
        run: list[tuple[float, float]] = []
        for at_s, value in self._by_moment:
            if value < ALARM:
                continue
            if run and at_s - run[-1][0] > APART_S:
                yield _summed(run)
                run = []
            run.append((at_s, value))
        if run:
            yield _summed(run)


def _summed(run: list[tuple[float, float]]) -> tuple[float, float, float]:
    return run[0][0], run[-1][0], max(value for _, value in run)
