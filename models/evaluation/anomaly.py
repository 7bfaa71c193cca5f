"""How well a camera's anomaly score ranks frames that people labelled."""

import sys
import time
from pathlib import Path

import numpy as np

from models import measures
from models.evaluation.labels import UNLABELLED, anomaly_labels
from models.register import weights_file
from models.video.anomaly import AnomalyModel, calibrate
from models.video.anomaly.fusion import smooth_both_ways
from models.video.clips import Clip, clips_at

DEFAULT_RATE_HZ = 10.0


def evaluate_anomaly(
    train: Path, test: Path, labels: Path, rate_hz: float | None = None
) -> dict[str, float | None]:
    """Learn from `train`, score `test`, compare with `labels`.

    Scores that the camera would withhold (moved, dark) count here too: the labels know nothing of
    withholding, and a camera in the dark is out of the ordinary.

    Raises:
        NoClips, UnreadableVideo, BadLabels, NotEnoughFootage: see there.
    """
    training, tested = clips_at(train), clips_at(test)
    rate_hz = rate_hz or training[0].rate_hz or DEFAULT_RATE_HZ
    size = next(iter(training[0])).shape[1::-1]
    training = [Clip(clip.name, clip.path, size) for clip in training]
    tested = [Clip(clip.name, clip.path, size) for clip in tested]
    _say(f"learning from {len(training)} clips, {size[0]} x {size[1]} px, {rate_hz:g} Hz")
    model = calibrate(training, rate_hz, weights_file("nanodet-416"))
    scored = [_score(model, clip) for clip in tested]
    truth = anomaly_labels(labels, tested, [len(causal) for causal, _, _ in scored])
    causal = [_labelled(y, s) for y, (s, _, _) in zip(truth, scored, strict=True)]
    offline = [_labelled(y, s) for y, (_, s, _) in zip(truth, scored, strict=True)]
    frames = sum(len(scores) for scores, _, _ in scored)
    return {
        "auroc_micro": _micro(causal),
        "auroc_macro": measures.mean_auroc(causal),
        "auroc_micro_offline": _micro(offline),
        "false_alarms_per_hour": measures.false_alarms_per_hour(causal, rate_hz),
        "cpu_ms_per_frame": 1000 * sum(cpu_s for _, _, cpu_s in scored) / max(1, frames),
    }


def _score(model: AnomalyModel, clip: Clip) -> tuple[np.ndarray, np.ndarray, float]:
    """Causal scores, scores smoothed both ways, and CPU seconds (reading and decoding included)."""
    start = time.process_time()
    found = list(model.score(clip, weights_file("nanodet-416")))
    cpu_s = time.process_time() - start
    withheld = sum(score.withheld is not None for score in found)
    _say(f"{clip.name}: {len(found)} frames, {withheld} of them would be withheld")
    causal = np.array([score.evidence for score in found])
    sigma = model.settings.offline_s * model.camera.rate_hz
    return causal, smooth_both_ways(np.array([score.parts for score in found]), sigma), cpu_s


def _labelled(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    is_labelled = labels != UNLABELLED
    return labels[is_labelled], scores[is_labelled]


def _micro(clips: list[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """All frames of all clips in one ranking, as they are: no clip is scaled by itself."""
    labels, scores = (np.concatenate(column) for column in zip(*clips, strict=True))
    return measures.auroc(labels, scores)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
