"""Learn one camera's normal from its own footage; every part of it is scored as if unseen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from models.video.anomaly import appearance, scene
from models.video.anomaly.budget import block_maxima
from models.video.anomaly.evidence import CameraFrame, Evidence, evidence
from models.video.anomaly.fusion import CausalMean, Normal, learn_scales
from models.video.anomaly.model import AnomalyModel
from models.video.anomaly.patches import PatchNet
from models.video.anomaly.settings import Settings
from models.video.anomaly.speed import row_limits
from models.video.anomaly.survey import survey
from models.video.anomaly.view import Onlooker, learn_view

MIN_FRAMES = 60

Clip = Iterable[np.ndarray]  # BGR frames; is gone through twice, so no iterator


class NotEnoughFootage(ValueError):
    """Nothing can be learnt from this footage; says why."""


@dataclass(frozen=True)
class _Clip:
    """One clip's evidence and, per look, its edge maps."""

    seen: list[Evidence]
    maps: list[np.ndarray]
    running: list[np.ndarray]


def calibrate(
    clips: Sequence[Clip],
    rate_hz: float,
    weights_path: Path,
    learnt_from: Sequence[str] = (),
    settings: Settings | None = None,
) -> AnomalyModel:
    """Learn from `clips` of normal footage of one camera, `rate_hz` frames a second.

    `learnt_from`: the days (ISO, local to the camera) that the footage was taken on.

    Raises:
        NotEnoughFootage: fewer than 60 frames that show anything, or frames of several sizes.
        FileNotFoundError: the detector's weights are missing.
    """
    settings = settings or Settings()
    net = PatchNet(weights_path)
    surveyed = survey(clips, rate_hz, weights_path, net, settings)
    if surveyed is None:
        raise NotEnoughFootage("the footage holds no frame, or frames of several sizes")
    camera, basis, total = surveyed
    keep_every = 1 + total // (camera.steps(settings.feature_gap_s) * settings.max_looks)
    read = [_read(clip, camera, net, basis, settings, keep_every) for clip in clips]
    count = sum(len(clip.seen) for clip in read)
    if count < MIN_FRAMES or not any(clip.maps for clip in read):
        raise NotEnoughFootage(f"{count} frames of normal footage; {MIN_FRAMES} are needed")
    groups = _groups([clip.seen for clip in read], settings)
    if not groups:
        raise NotEnoughFootage("the footage is single frames; motion needs two in a row")
    learnt = _Learnt.of(groups, basis, settings)
    parts = [
        list(learnt.without(i).parts(clip)) for i, group in enumerate(groups) for clip in group
    ]
    scales = learn_scales(np.concatenate(parts), settings)
    maxima = [
        block_maxima(_causal([scales.calibrated(p) for p in clip], camera, settings), rate_hz)
        for clip in parts
    ]
    return AnomalyModel(
        camera=camera,
        settings=settings,
        learnt_from=tuple(learnt_from),
        frames=count,
        normal=learnt.whole,
        scales=scales,
        view=learn_view([m for c in read for m in c.maps], [m for c in read for m in c.running]),
        maxima=np.concatenate(maxima),
    )


def _causal(parts: list[np.ndarray], camera: CameraFrame, settings: Settings) -> np.ndarray:
    mean = CausalMean(camera.steps(settings.causal_s))
    return np.array([mean.add(p) for p in parts])


def _read(
    clip: Clip,
    camera: CameraFrame,
    net: PatchNet,
    basis: np.ndarray,
    settings: Settings,
    keep_every: int = 1,
) -> _Clip:
    """Go through a clip once; frames in which nothing can be seen are left out.

    Of long footage every `keep_every`th look is kept: all of them would fill the memory.
    """
    onlooker, maps, running = Onlooker(), [], []

    def seeing() -> Iterable[np.ndarray]:
        for index, frame in enumerate(clip):
            if onlooker.look(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)) is None:
                if index % camera.steps(settings.feature_gap_s) == 0:
                    running.append(onlooker.mean)
                    maps.append(onlooker.now)
                yield frame

    seen, looks = [], 0
    for one in evidence(seeing(), camera, net, basis, settings):
        looks += one.look is not None
        is_kept = one.look is None or (looks - 1) % keep_every == 0 or looks == 2
        seen.append(one if is_kept else replace(one, look=None))
    return _Clip(seen, maps[::keep_every], running[::keep_every])


def _groups(clips: list[list[Evidence]], settings: Settings) -> list[list[list[Evidence]]]:
    """Neighbouring clips joined, or long ones cut, so that there are 4 to 16 groups.

    A clip of a single frame tells no speed, and is left out.
    """
    clips = [clip for clip in clips if any(seen.row_speeds is not None for seen in clip)]
    if not clips:
        return []
    if len(clips) < settings.min_groups:
        pieces = -(-settings.min_groups // len(clips))
        clips = [part for clip in clips for part in _cut(clip, pieces)]
    edges = np.linspace(0, len(clips), min(len(clips), settings.max_groups) + 1).round().astype(int)
    return [clips[low:high] for low, high in pairwise(edges)]


def _cut(clip: list[Evidence], pieces: int) -> list[list[Evidence]]:
    edges = np.linspace(0, len(clip), pieces + 1).round().astype(int)
    return [clip[low:high] for low, high in pairwise(edges) if high > low]


@dataclass(frozen=True)
class _Learnt:
    """What each group says for itself, and all of them together."""

    quantiles: np.ndarray
    sums: list[scene.SceneSums]
    whole: Normal
    settings: Settings

    @classmethod
    def of(
        cls, groups: list[list[list[Evidence]]], basis: np.ndarray, settings: Settings
    ) -> "_Learnt":
        quantiles = np.array([_row_quantile(group, settings) for group in groups])
        sums = [_sums(group, basis.shape[1]) for group in groups]
        patches = [_patches(group) for group in groups]
        memory = appearance.learn(
            patches, settings.appearance_dims, settings.memory_size, settings.seed
        )
        limits = row_limits(quantiles, settings)
        return cls(quantiles, sums, Normal(limits, memory, scene.fit(sums, basis)), settings)

    def without(self, group: int) -> Normal:
        """What would have been learnt had this group not been seen."""
        others = [sums for i, sums in enumerate(self.sums) if i != group]
        return replace(
            self.whole,
            limits=row_limits(np.delete(self.quantiles, group, axis=0), self.settings),
            memory=self.whole.memory.without(group),
            scene=scene.fit(others, self.whole.scene.basis),
        )


def _row_quantile(group: list[list[Evidence]], settings: Settings) -> np.ndarray:
    speeds = [seen.row_speeds for clip in group for seen in clip if seen.row_speeds is not None]
    return np.quantile(speeds, settings.row_quantile, axis=0)


def _sums(group: list[list[Evidence]], dims: int) -> scene.SceneSums:
    sums = scene.SceneSums.empty(dims)
    for clip in group:
        for seen in clip:
            if seen.look is not None:
                sums.add(seen.look.projected)
    return sums


def _patches(group: list[list[Evidence]]) -> np.ndarray:
    looks = [seen.look.patches for clip in group for seen in clip if seen.look is not None]
    return np.concatenate(looks)
