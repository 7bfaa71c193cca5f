"""A first look at a camera's footage: frame size, how tall people are, how features vary."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from models.video.anomaly.evidence import CameraFrame
from models.video.anomaly.patches import PatchNet
from models.video.anomaly.scene import principal_axes
from models.video.anomaly.settings import Settings
from models.video.detector import Detection, Detector
from models.video.perspective import fit_height_line

GAP_S = 3.0  # between two frames that are looked at
MAX_FRAMES = 200
MIN_PEOPLE = 5
UNKNOWN_HEIGHT = 0.3  # of the picture's height, where too few people were seen to tell


def survey(
    clips: Sequence[Iterable[np.ndarray]],
    rate_hz: float,
    weights_path: Path,
    net: PatchNet,
    settings: Settings,
) -> tuple[CameraFrame, np.ndarray, int] | None:
    """Return the camera, the scene's basis and the frames; None without, or with several sizes."""
    detector, people, features, shapes, count = Detector(weights_path), [], [], set(), 0
    step = max(1, round(GAP_S * rate_hz))
    for clip in clips:
        for index, frame in enumerate(clip):
            shapes.add(frame.shape[:2])
            if index % step == 0 and len(features) < MAX_FRAMES:
                people += [box for box in detector.detect(frame) if box.label == "person"]
                features.append(net.features(frame).astype(np.float16))
            count += 1
    if len(shapes) != 1:
        return None
    height_px, width_px = shapes.pop()
    camera = CameraFrame(height_px, width_px, rate_hz, person_heights(people, height_px))
    return camera, principal_axes(np.array(features), settings.scene_dims), count


def person_heights(people: Sequence[Detection], frame_height_px: int) -> tuple[float, float]:
    """Slope and offset (px) of a person's height over the row of the feet.

    A line where enough people were seen, else their median height everywhere, else a guess.
    """
    if line := fit_height_line(people):
        return line.slope, line.offset_px
    if len(people) >= MIN_PEOPLE:
        return 0.0, float(np.median([box.y1 - box.y0 for box in people]))
    return 0.0, UNKNOWN_HEIGHT * frame_height_px
