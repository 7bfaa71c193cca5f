"""One footage segment in; one observation per zone and 10-second window out, and the signs in it.

Batch and near real time call the same function. Windows are counted from the segment's own start,
not from the UTC grid: so a window lies in exactly one segment, and analysing a segment again
replaces its own rows (camera, zone, window start) and nobody else's.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from models.video.anomaly import Calibration
from models.video.behaviour import signs_of
from models.video.detector import DETECTOR_VERSION, Detector
from models.video.footage import Footage, UnreadableVideo, open_footage
from models.video.kinds import ANOMALY
from models.video.motion import FLOW_VERSION
from models.video.observation import Observation, SegmentAnalysis, Sign
from models.video.paths import path_of
from models.video.summary import Window, line_count, observation
from models.video.tracking import TRACKER_VERSION
from models.video.view import CameraView, Region
from models.video.watch import Sample, Watch

__all__ = [
    "MODEL_VERSION",
    "CameraView",
    "Observation",
    "Region",
    "UnreadableVideo",
    "analyse_segment",
]

MODEL_VERSION = f"{DETECTOR_VERSION}+{TRACKER_VERSION}+{FLOW_VERSION}"
WINDOW_S = 10
MIN_TAIL_S = 1  # what a segment holds beyond whole windows; less joins the window before


def analyse_segment(
    path: Path,
    camera: CameraView,
    detector: Detector,
    started_at: datetime,
    normal: Calibration | None = None,
) -> SegmentAnalysis:
    """Analyse the footage file `path` of `camera`, whose first frame was taken at `started_at`.

    `normal`: what the camera learnt; without it no anomaly score is given. `started_at` must be
    UTC (ValueError otherwise). Raises UnreadableVideo when there is nothing
    to analyse; a file cut short is analysed as far as it goes, see SegmentAnalysis.coverage.
    """
    if started_at.utcoffset() != timedelta(0):
        raise ValueError(f"{camera.camera_id}: started_at {started_at} is not in UTC")
    cv2.setNumThreads(detector.threads)
    with open_footage(path) as footage:
        watch = Watch(footage, camera, detector, normal)
        samples = list(watch.samples())
    if not samples:
        raise UnreadableVideo(path, "no frame can be decoded")
    size = footage.width_px, footage.height_px
    looked_s = samples[0].at_s, samples[-1].at_s
    paths = [path_of(track, camera, size, looked_s) for track in watch.tracks if track.was_counted]
    windows = list(_windows(samples, footage, started_at))
    scored = [(window, watch.scores.highest(window.holds)) for window in windows]
    return SegmentAnalysis(
        observations=tuple(
            observation(camera, position, window, paths, score, MODEL_VERSION)
            for window, score in scored
            for position in range(len(camera.regions))
        ),
        frames_read=footage.frames_read,
        frames_expected=max(footage.frames_announced - footage.lost_to_leaps, footage.frames_read),
        signs=tuple(_signs(watch, paths, samples, camera, started_at)),
        leaps=footage.leaps,
        withheld=watch.scores.withheld,
        line_counts=tuple(
            line_count(camera, line, window, paths, MODEL_VERSION)
            for window in windows
            for line in camera.lines
        ),
    )


def _windows(samples: list[Sample], footage: Footage, started_at: datetime) -> Iterator[Window]:
    duration_s = max(samples[-1].at_s, footage.duration_s)
    count = max(1, math.ceil((duration_s - MIN_TAIL_S) / WINDOW_S))
    for start_s in range(0, count * WINDOW_S, WINDOW_S):
        is_last = start_s == (count - 1) * WINDOW_S
        end_s = duration_s if is_last else start_s + WINDOW_S
        inside = [s for s in samples if start_s <= s.at_s and (is_last or s.at_s < end_s)]
        if inside:
            yield Window(started_at, start_s, end_s, is_last, tuple(inside))


def _signs(
    watch: Watch,
    paths: list,
    samples: list[Sample],
    camera: CameraView,
    started_at: datetime,
) -> Iterator[Sign]:
    odd = (
        (ANOMALY, region, *alarm) for alarm in watch.scores.alarms() for region in camera.regions
    )
    found = [*signs_of(paths, camera), *_tampered(samples, camera), *watch.left_objects(), *odd]
    for kind, region, from_s, to_s, value in found:
        stretch = (started_at + timedelta(seconds=at_s) for at_s in (from_s, to_s))
        yield Sign(camera.camera_id, region.zone_id, kind, *stretch, value, MODEL_VERSION)


def _tampered(samples: list[Sample], camera: CameraView) -> Iterator[tuple]:
    """From the first frame that shows it to the last: a camera turned away stays turned away."""
    for how in sorted({sample.tampered for sample in samples} - {None}):
        times = [sample.at_s for sample in samples if sample.tampered == how]
        for region in camera.regions if times[-1] > times[0] else ():
            yield how, region, times[0], times[-1], times[-1] - times[0]
