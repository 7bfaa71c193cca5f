"""Behaviour anomaly, learnt per camera from its own normal footage; see models/README.md."""

from models.video.anomaly.calibrate import NotEnoughFootage, calibrate
from models.video.anomaly.model import AnomalyModel, FrameScore, UnusableArtefact, score_or_withhold
from models.video.anomaly.settings import Settings

__all__ = [
    "AnomalyModel",
    "FrameScore",
    "NotEnoughFootage",
    "Settings",
    "UnusableArtefact",
    "calibrate",
    "score_or_withhold",
]
