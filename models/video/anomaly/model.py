"""One camera's anomaly score: what was learnt, as an artefact, and scoring with it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from models.video.anomaly.appearance import Memory
from models.video.anomaly.budget import threshold
from models.video.anomaly.evidence import CameraFrame, evidence
from models.video.anomaly.fusion import ATTRIBUTES, CausalMean, Normal, Scales
from models.video.anomaly.patches import PatchNet
from models.video.anomaly.scene import Scene
from models.video.anomaly.settings import Settings
from models.video.anomaly.view import Onlooker, View

VERSION = "anomaly-1"
NOT_CALIBRATED = "the camera is not calibrated"


class UnusableArtefact(ValueError):
    """A file is no artefact of this version; says why."""


@dataclass(frozen=True)
class FrameScore:
    """The score of one frame, or why there is none.

    `value`: 0 = as normal as can be; an attribute at the edge of normal adds its weight.
    `evidence`: the same, whether or not it is withheld, and `parts` (fusion.ATTRIBUTES) of
    this frame alone, NaN when not measured yet. For evaluation: nothing may act on them.
    """

    value: float | None
    withheld: str | None
    evidence: float
    parts: np.ndarray


@dataclass(frozen=True)
class AnomalyModel:
    """What is normal for one camera. Holds means of features and of edges, no picture."""

    camera: CameraFrame
    settings: Settings
    learnt_from: tuple[str, ...]
    frames: int
    normal: Normal
    scales: Scales
    view: View
    maxima: np.ndarray  # of left-out normal footage, per 10 seconds

    def score(self, frames: Iterable[np.ndarray], weights_path: Path) -> Iterator[FrameScore]:
        """Score each frame (BGR, uint8) of a stream, from it and the frames before it alone.

        Raises ValueError when the frames have another size than the calibrated ones.
        """
        onlooker, doubts = Onlooker(), []

        def watched() -> Iterator[np.ndarray]:
            for frame in frames:
                self._require_size(frame)
                blind = onlooker.look(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
                doubts.append(blind or onlooker.doubt(self.view))
                yield frame

        net, basis = PatchNet(weights_path), self.normal.scene.basis
        stream = evidence(watched(), self.camera, net, basis, self.settings)
        mean = CausalMean(self.camera.steps(self.settings.causal_s))
        for raw in self.normal.parts(stream):
            parts = self.scales.calibrated(raw)
            total, doubt = mean.add(parts), doubts.pop()
            yield FrameScore(None if doubt else total, doubt, total, parts)

    def budget_threshold(self, false_alarms_per_day: float) -> float:
        """Return the score to alarm at so that normal footage costs so many alarms a day.

        An estimate from left-out normal footage, see budget.threshold. Raises ValueError.
        """
        return threshold(self.maxima, false_alarms_per_day)

    def save(self, path: Path) -> None:
        """Write the artefact: an npz of numbers, no pickle."""
        about = {
            "version": VERSION,
            "settings": asdict(self.settings),
            "settings_digest": self.settings.digest,
            "camera": asdict(self.camera),
            "learnt_from": self.learnt_from,
            "frames": self.frames,
            "least_likeness": self.view.least_likeness,
        }
        memory, scene = self.normal.memory, self.normal.scene
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                about=np.array(json.dumps(about, sort_keys=True)),
                limits=self.normal.limits,
                memory_mean=memory.mean,
                memory_basis=memory.basis,
                memory_centres=memory.centres,
                memory_group=memory.group.astype(np.int16),
                scene_basis=scene.basis,
                scene_mean=scene.mean,
                scene_precision=scene.precision,
                scale_median=self.scales.median,
                scale_span=self.scales.span,
                view_edges=self.view.edges,
                maxima=self.maxima,
            )

    @classmethod
    def load(cls, path: Path) -> "AnomalyModel":
        """Read an artefact. Raises UnusableArtefact, FileNotFoundError."""
        try:
            with np.load(path, allow_pickle=False) as file:
                found = dict(file)
            about = json.loads(str(found["about"]))
            if about["version"] != VERSION:
                raise UnusableArtefact(f"{path.name}: version {about['version']}, not {VERSION}")
            camera = about["camera"] | {"heights": tuple(about["camera"]["heights"])}
            memory = Memory(*(found[f"memory_{k}"] for k in ("mean", "basis", "centres", "group")))
            scene = Scene(*(found[f"scene_{k}"] for k in ("basis", "mean", "precision")))
            return cls(
                camera=CameraFrame(**camera),
                settings=_settings(about["settings"]),
                learnt_from=tuple(about["learnt_from"]),
                frames=about["frames"],
                normal=Normal(found["limits"], memory, scene),
                scales=Scales(found["scale_median"], found["scale_span"]),
                view=View(found["view_edges"], about["least_likeness"]),
                maxima=found["maxima"],
            )
        except (KeyError, TypeError, ValueError, OSError) as error:
            if isinstance(error, (UnusableArtefact, FileNotFoundError)):
                raise
            raise UnusableArtefact(f"{path.name}: no anomaly artefact, calibrate again") from error

    def _require_size(self, frame: np.ndarray) -> None:
        learnt = self.camera.height_px, self.camera.width_px
        if frame.shape[:2] != learnt:
            found = frame.shape[:2]
            raise ValueError(f"frames of {found} px, calibrated were {learnt}: recalibrate")


def _settings(stored: dict) -> Settings:
    return Settings(**stored | {"weights": tuple(stored["weights"])})


def score_or_withhold(
    model: AnomalyModel | None, frames: Iterable[np.ndarray], weights_path: Path
) -> Iterator[FrameScore]:
    """Score the frames of a camera that may not be calibrated: then every score is withheld."""
    if model is not None:
        yield from model.score(frames, weights_path)
        return
    for _ in frames:
        yield FrameScore(None, NOT_CALIBRATED, 0.0, np.full(len(ATTRIBUTES), np.nan))
