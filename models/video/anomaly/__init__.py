"""Behaviour anomaly, learnt per camera from its own normal footage; see models/README.md."""

from models.video.anomaly.calibrate import NotEnoughFootage, calibrate
from models.video.anomaly.live import Calibration, Scorer, frame_step
from models.video.anomaly.model import AnomalyModel, FrameScore, UnusableArtefact, score_or_withhold
from models.video.anomaly.settings import Settings

__all__ = [
    "AnomalyModel",
    "Calibration",
    "FrameScore",
    "NotEnoughFootage",
    "Scorer",
    "Settings",
    "UnusableArtefact",
    "calibrate",
    "frame_step",
    "score_or_withhold",
]
