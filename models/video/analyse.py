"""One footage segment in, one observation per zone and 10-second window out.

Batch and near real time call the same function. Windows are counted from the segment's own start,
not from the UTC grid: so a window lies in exactly one segment, and analysing a segment again
replaces its own rows (camera, zone, window start) and nobody else's.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean

import cv2

from models.video.detector import DETECTOR_VERSION, VEHICLES, Detection, Detector
from models.video.footage import Footage, UnreadableVideo, open_footage
from models.video.motion import (
    FLOW_VERSION,
    Motion,
    MotionMeter,
    camera_health,
    half_grey,
    half_size,
)
from models.video.observation import Observation, SegmentAnalysis
from models.video.view import CameraView, Region

MODEL_VERSION = f"{DETECTOR_VERSION}+{FLOW_VERSION}"
WINDOW_S = 10
MIN_TAIL_S = 1  # what a segment holds beyond whole windows; less joins the window before
FLOW_GAP_S = 0.2  # a walker then moves some pixels, and is still found again
BLIND_SHARE = 0.5  # of a window's frames


@dataclass(frozen=True)
class _Sample:
    """One analysed frame: people, vehicles and motion in each of the camera's regions."""

    at_s: float
    is_blind: bool
    people: tuple[int, ...]
    vehicles: tuple[int, ...]
    motions: tuple[Motion, ...]


def analyse_segment(
    path: Path, camera: CameraView, detector: Detector, started_at: datetime
) -> SegmentAnalysis:
    """Analyse the footage file `path` of `camera`, whose first frame was taken at `started_at`.

    `started_at` must be UTC (ValueError otherwise). Raises UnreadableVideo when there is nothing
    to analyse; a file cut short is analysed as far as it goes, see SegmentAnalysis.coverage.
    """
    if started_at.utcoffset() != timedelta(0):
        raise ValueError(f"{camera.camera_id}: started_at {started_at} is not in UTC")
    cv2.setNumThreads(detector.threads)
    with open_footage(path) as footage:
        samples = list(_samples(footage, camera, detector))
    if not samples:
        raise UnreadableVideo(path, "no frame can be decoded")
    return SegmentAnalysis(
        observations=tuple(_observations(samples, footage, camera, started_at)),
        frames_read=footage.frames_read,
        frames_expected=max(footage.frames_announced, footage.frames_read),
    )


def _samples(footage: Footage, camera: CameraView, detector: Detector) -> Iterator[_Sample]:
    """Analyse frames at the camera's rate; flow looks at one more frame shortly before each."""
    rate_hz = footage.frame_rate_hz
    step = max(1, round(rate_hz / camera.analysis_rate_hz))
    gap = min(step, max(1, round(FLOW_GAP_S * rate_hz)))
    masks = [
        region.mask(half_size(footage.height_px, footage.width_px)) for region in camera.regions
    ]
    meter, before, previous = MotionMeter(), None, None
    for index, frame in footage.frames(lambda i: i % step == 0 or (i + gap) % step == 0):
        grey = half_grey(frame)
        if index % step == 0:
            motions = (Motion(),) * len(masks)
            if before is not None:
                field = meter.measure(before[1], grey, (index - before[0]) / rate_hz)
                motions = tuple(field.within(mask) for mask in masks)
            is_blind = camera_health(grey, previous).is_blind
            detections = [] if is_blind else detector.detect(frame)
            people, vehicles = _counts(detections, camera.regions, frame.shape)
            yield _Sample(index / rate_hz, is_blind, people, vehicles, motions)
            previous = grey
        if (index + gap) % step == 0:
            before = (index, grey)


def _counts(
    detections: list[Detection], regions: tuple[Region, ...], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """People and vehicles whose foot point lies in each region."""
    height_px, width_px = shape[:2]
    feet = [(d.label, d.foot_point[0] / width_px, d.foot_point[1] / height_px) for d in detections]
    inside = [[label for label, x, y in feet if region.holds(x, y)] for region in regions]
    people = tuple(labels.count("person") for labels in inside)
    return people, tuple(sum(label in VEHICLES for label in labels) for labels in inside)


def _observations(
    samples: list[_Sample], footage: Footage, camera: CameraView, started_at: datetime
) -> Iterator[Observation]:
    duration_s = max(samples[-1].at_s, footage.frames_read / footage.frame_rate_hz)
    window_count = max(1, math.ceil((duration_s - MIN_TAIL_S) / WINDOW_S))
    for start_s in range(0, window_count * WINDOW_S, WINDOW_S):
        is_last = start_s == (window_count - 1) * WINDOW_S
        end_s = duration_s if is_last else start_s + WINDOW_S
        inside = [s for s in samples if start_s <= s.at_s and (is_last or s.at_s < end_s)]
        window = (started_at + timedelta(seconds=start_s), started_at + timedelta(seconds=end_s))
        for position, region in enumerate(camera.regions if inside else ()):
            yield _observation(camera.camera_id, region, position, window, inside)


def _observation(
    camera_id: str,
    region: Region,
    position: int,
    window: tuple[datetime, datetime],
    samples: list[_Sample],
) -> Observation:
    """Sum up one window. Counts come from the frames that show something; none: 0 and blind."""
    seeing = [sample for sample in samples if not sample.is_blind]
    people = [sample.people[position] for sample in seeing] or [0]
    vehicles = [sample.vehicles[position] for sample in seeing] or [0]
    motion = sum((sample.motions[position] for sample in samples), Motion())
    people_mean = fmean(people)
    return Observation(
        camera_id=camera_id,
        zone_id=region.zone_id,
        window_start=window[0],
        window_end=window[1],
        people_mean=people_mean,
        people_max=max(people),
        density_per_m2=people_mean / region.area_m2 if region.area_m2 else None,
        speed_m_s=None,  # the camera is not calibrated
        motion_px_s=motion.mean_px_s,
        flow_direction_deg=motion.direction_deg,
        vehicles_mean=fmean(vehicles),
        anomaly_score=None,  # needs a camera-specific fit, see models/README.md
        frame_count=len(samples),
        is_blind=len(samples) - len(seeing) >= BLIND_SHARE * len(samples),
        model_version=MODEL_VERSION,
    )
