"""The anomaly score beside the rest of an analysis: frames are handed over as they are decoded."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.video.anomaly.model import AnomalyModel, FrameScore
from models.video.anomaly.settings import Settings

RATE_TOLERANCE = 0.1  # relative: beyond it a speed per frame means another speed


def frame_step(frame_rate_hz: float, settings: Settings | None = None) -> int:
    """Every how many frames of a film one is looked at, to learn from it or to score it."""
    return max(1, round((settings or Settings()).flow_gap_s * frame_rate_hz))


@dataclass(frozen=True)
class Calibration:
    """What is normal at one camera, and the score that is reached so seldom there.

    `alarm_score`: what the budget of false alarms allows (AnomalyModel.budget_threshold).
    """

    model: AnomalyModel
    alarm_score: float
    weights_path: Path

    def doubt(self, frame_rate_hz: float, width_px: int, height_px: int) -> str | None:
        """Return why footage of this form can't be scored, None when it can."""
        learnt, step = self.model.camera, frame_step(frame_rate_hz, self.model.settings)
        if (width_px, height_px) != (learnt.width_px, learnt.height_px):
            return "its frames have another size than those that were learnt from"
        if abs(frame_rate_hz / step / learnt.rate_hz - 1) > RATE_TOLERANCE:
            return "its frame rate is another than the one that was learnt from"
        return None


class Scorer:
    """Follows one stretch of footage; every frame is scored from those before it alone."""

    def __init__(self, calibration: Calibration, frame_rate_hz: float) -> None:
        self._step = frame_step(frame_rate_hz, calibration.model.settings)
        self._alarm_score = calibration.alarm_score
        self._handed: deque[np.ndarray] = deque()
        self._scores = calibration.model.score(self._frames(), calibration.weights_path)

    def is_due(self, index: int) -> bool:
        """Tell whether the frame of this number is to be handed over."""
        return index % self._step == 0

    def look(self, frame: np.ndarray) -> tuple[float | None, str | None]:
        """Return the score of the next frame (BGR, uint8), 1 = the camera's alarm score.

        None, and why, where it is withheld.
        """
        self._handed.append(frame)
        score: FrameScore = next(self._scores)  # takes exactly the frame that was handed over
        return (None if score.value is None else score.value / self._alarm_score), score.withheld

    def _frames(self) -> Iterator[np.ndarray]:
        while True:
            yield self._handed.popleft()
