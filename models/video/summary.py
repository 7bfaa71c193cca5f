"""Sum up what a camera showed of one zone in one window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from models.video.ground import fruin_level
from models.video.motion import Motion
from models.video.observation import LineCount, Observation
from models.video.paths import Path
from models.video.view import CameraView, Line, Region
from models.video.watch import Sample

BLIND_SHARE = 0.5  # of a window's frames


@dataclass(frozen=True)
class Window:
    """A stretch of a segment (s from its start) and the frames analysed in it; never empty."""

    segment_start: datetime
    start_s: float
    end_s: float
    is_last: bool
    samples: tuple[Sample, ...]

    def holds(self, at_s: float) -> bool:
        """Tell whether a moment lies in the window; the last one holds its own end too."""
        return self.start_s <= at_s and (self.is_last or at_s < self.end_s)


def observation(
    camera: CameraView,
    position: int,
    window: Window,
    paths: Sequence[Path],
    anomaly_score: float | None,
    model_version: str,
) -> Observation:
    """Sum up region number `position` of the camera.

    Counts come from the frames that show something; none: 0 and blind. The anomaly score is of
    the whole picture, and the same for all regions.
    """
    region = camera.regions[position]
    seeing = [sample for sample in window.samples if sample.blind is None]
    people = [_inside(sample, region, "person") for sample in seeing] or [0]
    vehicles = [_inside(sample, region, "vehicle") for sample in seeing] or [0]
    motion = sum((sample.motions[position] for sample in window.samples), Motion())
    area_m2, people_mean = camera.area_m2(region), fmean(people)
    density = people_mean / area_m2 if area_m2 else None
    crossings = [came for at_s, came in _crossings(paths, region) if window.holds(at_s)]
    return Observation(
        camera_id=camera.camera_id,
        zone_id=region.zone_id,
        window_start=window.segment_start + timedelta(seconds=window.start_s),
        window_end=window.segment_start + timedelta(seconds=window.end_s),
        people_mean=people_mean,
        people_max=max(people),
        density_per_m2=density,
        speed_m_s=_speed(paths, region, window) if camera.ground else None,
        motion_px_s=motion.mean_px_s,
        flow_direction_deg=motion.direction_deg,
        vehicles_mean=fmean(vehicles),
        anomaly_score=anomaly_score,
        frame_count=len(window.samples),
        is_blind=len(window.samples) - len(seeing) >= BLIND_SHARE * len(window.samples),
        model_version=model_version,
        fruin_level=fruin_level(density),
        entered_count=crossings.count(True),
        left_count=crossings.count(False),
        dwell_s=_dwell(paths, region, window),
    )


def line_count(
    camera: CameraView, line: Line, window: Window, paths: Sequence[Path], model_version: str
) -> LineCount:
    """Count who crossed a line of the camera in the window, each way."""
    crossings = [
        (path.family, to_right)
        for path in paths
        for at_s, to_right in path.line_crossings(line)
        if window.holds(at_s)
    ]
    return LineCount(
        camera_id=camera.camera_id,
        line_id=line.line_id,
        window_start=window.segment_start + timedelta(seconds=window.start_s),
        window_end=window.segment_start + timedelta(seconds=window.end_s),
        people_right_count=crossings.count(("person", True)),
        people_left_count=crossings.count(("person", False)),
        vehicles_right_count=crossings.count(("vehicle", True)),
        vehicles_left_count=crossings.count(("vehicle", False)),
        model_version=model_version,
    )


def _inside(sample: Sample, region: Region, family: str) -> int:
    """Things of the family whose foot point lies in the region."""
    return sum(
        kind == family and region.holds(x, y)
        for kind, (x, y) in zip(sample.families, sample.feet, strict=True)
    )


def _crossings(paths: Sequence[Path], region: Region):
    return [crossing for path in paths for crossing in path.crossings(region)]


def _speed(paths: Sequence[Path], region: Region, window: Window) -> float | None:
    """Mean speed of people in m/s, over the seconds they were in the region and the window."""
    speeds = [
        speed
        for path in paths
        if path.family == "person"
        for first, last in path.stays(region)
        for start_s, end_s, speed in path.speeds()
        if path.at_s[first] <= start_s and end_s <= path.at_s[last] and window.holds(start_s)
    ]
    return fmean(speeds) if speeds else None


def _dwell(paths: Sequence[Path], region: Region, window: Window) -> float | None:
    """Mean time (s) that people who left the region, or the picture, in the window had stayed."""
    stays = [
        float(path.at_s[last] - path.at_s[first])
        for path in paths
        if path.family == "person"
        for first, last in path.stays(region)
        if window.holds(path.at_s[last])
    ]
    return fmean(stays) if stays else None
