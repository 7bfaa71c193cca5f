"""One segment in, one observation per zone and window out; counts by a stand-in detector."""

import os
import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.register import weights_file
from models.video.analyse import (
    MODEL_VERSION,
    CameraView,
    Observation,
    Region,
    UnreadableVideo,
    analyse_segment,
)
from models.video.detector import Detection, Detector
from models.video.events import VideoEvent

CACHE = Path(os.environ.get("PRECRISIS_CACHE", ".cache"))
START = datetime(2026, 5, 1, 12, 0, 3, tzinfo=UTC)
LEFT = Region("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)), area_m2=50.0)
WHOLE = Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1)))
VIEW = CameraView("cam-1", (LEFT, WHOLE))
SIZE = (128, 96)


@dataclass
class SeesAlways:
    """Stands in for the detector: the same detections in every frame."""

    detections: tuple[Detection, ...] = ()
    threads: int = 1
    min_score: float = 0.35
    calls: list = field(default_factory=list)

    def detect(self, frame_bgr: np.ndarray, windows=None) -> list[Detection]:
        assert frame_bgr.shape == (*SIZE[::-1], 3)
        self.calls.append(windows)
        return list(self.detections)

    @property
    def call_count(self) -> int:
        return len(self.calls)


def sees(*detections: Detection) -> SeesAlways:
    return SeesAlways(detections)


def thing(label: str, foot_x: float, foot_y: float = 90) -> Detection:
    return Detection(foot_x - 5, foot_y - 20, foot_x + 5, foot_y, label, 0.9)


def noise(_: int) -> np.ndarray:
    return GENERATOR.integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)


GENERATOR = np.random.default_rng(5)
PICTURE = noise(0)


def clip(path: Path, seconds: float, draw=noise, rate_hz: int = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, SIZE)
    for index in range(round(seconds * rate_hz)):
        writer.write(draw(index))
    writer.release()
    return path


def columns_of(table: str) -> set[str]:
    sql = Path("infra/postgis/20_raw.sql").read_text()
    (body,) = re.findall(rf"EXISTS {re.escape(table)} \((.*?)\n\);", sql, re.DOTALL)
    return set(re.findall(r"^    ([a-z_0-9]+) ", body, re.MULTILINE)) - {"loaded_at"}


@pytest.mark.parametrize(
    ("dataclass", "table"),
    [(Observation, "raw.camera_observation"), (VideoEvent, "raw.video_event")],
)
def test_fields_are_the_raw_columns(dataclass, table):
    assert {field.name for field in fields(dataclass)} == columns_of(table)


def test_one_window_is_summed_up(tmp_path):
    seen = sees(thing("person", 20), thing("person", 40), thing("person", 100), thing("car", 30))
    analysis = analyse_segment(clip(tmp_path / "a.avi", 10), VIEW, seen, START)
    left, whole = analysis.observations
    assert (left.zone_id, left.people_mean, left.people_max, left.vehicles_mean) == (
        "left",
        2,
        2,
        1,
    )
    assert (whole.zone_id, whole.people_mean, whole.vehicles_mean) == ("whole", 3, 1)
    assert (left.density_per_m2, whole.density_per_m2) == (2 / 50, None)
    assert (left.frame_count, left.is_blind, left.camera_id) == (20, False, "cam-1")
    assert (left.speed_m_s, left.anomaly_score, left.model_version) == (None, None, MODEL_VERSION)
    assert (left.window_start, left.window_end) == (START, START + timedelta(seconds=10))
    assert seen.call_count == 20
    assert (analysis.frames_read, analysis.frames_expected, analysis.coverage) == (100, 100, 1.0)


def test_bicycle_is_neither_a_person_nor_a_vehicle(tmp_path):
    seen = sees(thing("bicycle", 20))
    left, _ = analyse_segment(clip(tmp_path / "a.avi", 2), VIEW, seen, START).observations
    assert (left.people_mean, left.vehicles_mean) == (0, 0)


@pytest.mark.parametrize(
    ("seconds", "ends_s", "frame_counts"),
    [
        (0.1, [0.1], [1]),
        (9.9, [9.9], [20]),
        (10.9, [10.9], [22]),
        (11.1, [10, 11.1], [20, 3]),
        (25, [10, 20, 25], [20, 20, 10]),
    ],
)
def test_windows_are_counted_from_the_segments_start(tmp_path, seconds, ends_s, frame_counts):
    path = clip(tmp_path / "a.avi", seconds)
    view = CameraView("cam-1", (WHOLE,))
    windows = analyse_segment(path, view, SeesAlways(), START).observations
    starts_s = [0, 10, 20][: len(ends_s)]
    assert [o.window_start - START for o in windows] == [timedelta(seconds=s) for s in starts_s]
    assert [o.window_end - START for o in windows] == [timedelta(seconds=s) for s in ends_s]
    assert [o.frame_count for o in windows] == frame_counts


def test_analysis_rate_is_the_cameras(tmp_path):
    path = clip(tmp_path / "a.avi", 10, rate_hz=25)
    for rate_hz, frame_count in ((1.0, 10), (5.0, 50), (100.0, 250)):
        view = CameraView("cam-1", (WHOLE,), analysis_rate_hz=rate_hz)
        (window,) = analyse_segment(path, view, SeesAlways(), START).observations
        assert window.frame_count == frame_count


@pytest.mark.parametrize(
    "draw",
    [
        lambda _: np.zeros((*SIZE[::-1], 3), np.uint8),
        lambda _: np.full((*SIZE[::-1], 3), 170, np.uint8),
        lambda _: PICTURE,
    ],
    ids=["dark", "covered", "frozen"],
)
def test_blind_window_says_so_and_counts_nobody(tmp_path, draw):
    """A frozen picture's first frames (the codec still settles) are seen, the others not."""
    seen = SeesAlways()
    path = clip(tmp_path / "a.avi", 10, draw)
    assert all(o.is_blind for o in analyse_segment(path, VIEW, seen, START).observations)
    assert seen.call_count <= 2


def test_counts_come_from_the_seeing_part_of_a_window(tmp_path):
    def dark_at_the_end(index: int) -> np.ndarray:
        return noise(index) if index < 60 else np.zeros((*SIZE[::-1], 3), np.uint8)

    path = clip(tmp_path / "a.avi", 10, dark_at_the_end)
    left, _ = analyse_segment(path, VIEW, sees(thing("person", 20)), START).observations
    assert (left.people_mean, left.is_blind, left.frame_count) == (1.0, False, 20)


def test_file_cut_short_shows_its_coverage(tmp_path):
    path = clip(tmp_path / "a.avi", 20)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    analysis = analyse_segment(path, VIEW, SeesAlways(), START)
    assert analysis.frames_expected == 200
    assert 0.5 < analysis.coverage < 0.7
    assert analysis.observations[-1].window_end < START + timedelta(seconds=15)


def test_no_video_is_refused(tmp_path):
    (tmp_path / "a.avi").write_bytes(b"RIFF")
    with pytest.raises(UnreadableVideo, match=r"a\.avi"):
        analyse_segment(tmp_path / "a.avi", VIEW, SeesAlways(), START)


@pytest.mark.parametrize(
    "started_at",
    [datetime(2026, 5, 1, 12), datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))],
)
def test_start_must_be_utc(tmp_path, started_at):
    with pytest.raises(ValueError, match="not in UTC"):
        analyse_segment(clip(tmp_path / "a.avi", 1), VIEW, SeesAlways(), started_at)


def test_same_segment_gives_the_same_observations():
    """And, on real footage, a walkers' count and speed of the right size."""
    detector = Detector(weights_file("nanodet-416"))
    view = CameraView("cam-1", (WHOLE,), analysis_rate_hz=0.5)
    first = analyse_segment(CACHE / "vtest.avi", view, detector, START)
    again = analyse_segment(CACHE / "vtest.avi", view, detector, START)
    assert first == again
    assert (first.frames_read, first.frames_expected, len(first.observations)) == (795, 795, 8)
    assert all(2 <= o.people_mean <= 8 for o in first.observations)
    assert all(15 <= o.motion_px_s <= 80 for o in first.observations)
    assert not any(o.is_blind for o in first.observations)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: CameraView("cam-1", ()), "cam-1: give at least one region"),
        (lambda: CameraView("cam-1", (LEFT, LEFT)), "same zone_id"),
        (lambda: CameraView("cam-1", (LEFT,), 0), "analysis_rate_hz"),
        (lambda: Region("left", ((0, 0), (1, 1))), "left: give 3 or more corners"),
        (lambda: Region("left", ((0, 0), (1, 0), (1, 100))), "within 0-1"),
        (lambda: Region("left", LEFT.polygon, area_m2=0), "area_m2"),
    ],
)
def test_wrong_view_is_refused_by_name(make, named):
    with pytest.raises(ValueError, match=named):
        make()
