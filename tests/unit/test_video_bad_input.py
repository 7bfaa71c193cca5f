"""Footage as cameras and networks really leave it: the right result, or a clear refusal."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.video.analyse import CameraView, Region, analyse_segment
from models.video.detector import Detection
from models.video.footage import Footage, open_footage

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
VIEW = CameraView("cam-1", (Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1))),))


@dataclass
class SeesOne:
    """Stands in for the detector: one person in the middle of every frame."""

    threads: int = 1
    min_score: float = 0.35
    shapes: set = field(default_factory=set)

    def detect(self, frame_bgr, windows=None) -> list[Detection]:
        height, width = frame_bgr.shape[:2]
        self.shapes.add((height, width))
        box = width * 0.45, height * 0.3, width * 0.55, height * 0.7
        return [Detection(*box, "person", 0.9)]


def film(path: Path, filters: str = "null", size: str = "160x120", seconds=10, extra="") -> Path:
    source = f"-f lavfi -i testsrc2=size={size}:rate=10:duration={seconds}"
    command = f"ffmpeg -nostdin -v error -y {source} -vf {filters} {extra} -threads 1".split()
    subprocess.run([*command, str(path)], check=True, capture_output=True)
    return path


def analysed(path: Path, detector=None):
    return analyse_segment(path, VIEW, detector or SeesOne(), START)


def test_varying_frame_rate_is_timed_by_the_files_own_stamps(tmp_path):
    """Every frame for 3 s, then one in five: the mean rate would put the last ones too early."""
    every_fifth = r"select=lt(n\,30)+not(mod(n\,5))"
    path = film(tmp_path / "a.mkv", every_fifth, extra="-vsync vfr -c:v mpeg4")
    with open_footage(path) as footage:
        times = [footage.at_s for _ in footage.frames(lambda _: True)]
    assert times[:30] == pytest.approx(np.arange(30) / 10, abs=0.01)
    assert times[30:] == pytest.approx(np.arange(3, 10, 0.5), abs=0.01)
    (window,) = analysed(path).observations
    assert (window.frame_count, window.people_mean) == (20, 1.0)
    assert timedelta(seconds=9.5) < window.window_end - START < timedelta(seconds=10)


def test_timestamps_that_leap_an_hour_are_not_believed(tmp_path):
    leap = r"setpts=PTS+if(gte(N\,50)\,3600/TB\,0)"
    path = film(tmp_path / "a.mkv", leap, extra="-vsync passthrough -c:v mjpeg")
    analysis = analysed(path)
    assert (analysis.leaps, analysis.frames_read) == (1, 100)
    assert [o.window_end - START for o in analysis.observations] == [timedelta(seconds=10)]
    assert analysis.coverage > 0.95


class Stamped:
    """Stands in for an open file with these timestamps (ms)."""

    def __init__(self, *stamps_ms: float) -> None:
        self.stamps_ms, self.index = stamps_ms, -1

    def grab(self) -> bool:
        self.index += 1
        return self.index < len(self.stamps_ms)

    def get(self, _) -> float:
        return self.stamps_ms[self.index]


def test_timestamps_that_run_backwards_or_repeat_are_not_believed():
    stamped = Stamped(7000, 7100, 5000, 5100, 5100, 5200)
    footage = Footage(stamped, 10.0, 160, 120, 6)
    times = []
    list(footage.frames(lambda _: times.append(footage.at_s)))
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert footage.leaps == 2


def test_a_pause_of_seconds_is_believed(tmp_path):
    path = film(tmp_path / "a.mkv", r"select=lt(n\,30)+gt(n\,70)", extra="-vsync vfr -c:v mjpeg")
    analysis = analysed(path)
    assert (analysis.leaps, analysis.frames_read) == (0, 59)
    assert analysis.observations[-1].window_end == START + timedelta(seconds=10)


def test_corrupt_packets_in_mid_file_cost_only_their_frames(tmp_path):
    path = film(tmp_path / "a.ts", extra="-c:v mpeg4 -g 5 -b:v 400k")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(np.random.default_rng(1).integers(0, 256, 4000))
    path.write_bytes(content)
    analysis = analysed(path)
    assert 0.7 < analysis.coverage <= 1
    assert analysis.observations[0].people_mean == 1.0
    assert analysis.observations[-1].window_end > START + timedelta(seconds=9)


def test_a_rotated_picture_is_analysed_upright(tmp_path):
    plain = film(tmp_path / "plain.mp4", extra="-c:v mpeg4", seconds=2)
    path = tmp_path / "turned.mp4"
    turn = f"ffmpeg -nostdin -v error -y -i {plain} -c copy -metadata:s:v rotate=90 {path}"
    subprocess.run(turn.split(), check=True, capture_output=True)
    detector = SeesOne()
    (window,) = analysed(path, detector).observations
    assert detector.shapes == {(160, 120)}
    assert window.people_mean == 1.0


def test_4k_is_analysed(tmp_path):
    detector = SeesOne()
    path = film(tmp_path / "a.mp4", size="3840x2160", seconds=1, extra="-c:v mpeg4 -q:v 8")
    (window,) = analysed(path, detector).observations
    assert (detector.shapes, window.people_max) == ({(2160, 3840)}, 1)


def noisy(path: Path, level: int, deviation: float) -> Path:
    generator = np.random.default_rng(4)
    ground = cv2.resize(generator.integers(0, level, (12, 16), dtype=np.uint8), (320, 240))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(50):
        grey = np.clip(ground + generator.normal(0, deviation, ground.shape), 0, 255)
        writer.write(np.dstack([grey.astype(np.uint8)] * 3))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("level", "deviation", "is_blind"),
    [(90, 12, False), (25, 4, True)],
    ids=["night under lamps", "no light at all"],
)
def test_night_is_seen_as_long_as_there_is_light(tmp_path, level, deviation, is_blind):
    (window,) = analysed(noisy(tmp_path / "a.avi", level, deviation)).observations
    assert (window.is_blind, window.people_max) == (is_blind, 0 if is_blind else 1)
    assert window.motion_px_s == 0


def test_rain_is_no_crowd(tmp_path):
    """Short bright streaks anew in each frame: no track, no sign; the camera still sees."""
    generator = np.random.default_rng(6)
    ground = cv2.resize(generator.integers(40, 200, (12, 16), dtype=np.uint8), (320, 240))
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(100):
        frame = ground.copy()
        for x, y in generator.integers(0, 230, (150, 2)).tolist():
            cv2.line(frame, (x, y), (x + 2, y + 9), 220, 1)
        writer.write(np.dstack([frame] * 3))
    writer.release()
    analysis = analysed(path)
    (window,) = analysis.observations
    assert (window.people_max, window.is_blind) == (1, False)
    assert [sign.kind for sign in analysis.signs] == ["loitering"]  # the one person, who stands
