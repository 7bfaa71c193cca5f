"""What the chain costs beside decoding alone, on this machine, in one run: `make bench`.

One core. Prints CPU time a frame and the ratio to decoding; asserts nothing, since a shared machine
has no constant speed. Clips: the sample, and the empty scene of the sample (its median, with
camera noise). Beside the chain, on the same clip: a loop that detects people in every frame, and
the distribution's `motion` daemon where it is installed.
"""

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from models.register import weights_directory, weights_file
from models.video.analyse import CameraView, Region, analyse_segment
from models.video.detector import Detector
from models.video.footage import open_footage

SAMPLE = weights_directory().parent / "vtest.avi"
EMPTY_FRAMES = 300
NOISE_LEVELS = 2.0
START = datetime(2026, 1, 1, tzinfo=UTC)
VIEW = CameraView("bench", (Region("zone", ((0, 0.3), (1, 0.3), (1, 1), (0, 1)), area_m2=320),))
MOTION = """daemon off
netcam_url file://{clip}
width {width}
height {height}
framerate {rate}
picture_output off
movie_output off
log_level 4
"""


def main() -> None:
    """Measure each clip and print a table."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name, clip in (("sample", SAMPLE), ("empty", empty_scene(Path(folder)))):
            print(f"\n{name}: {clip.name}")
            for line in measured(clip):
                print(line, flush=True)


def measured(clip: Path) -> list[str]:
    """Lines of the table for one clip; decoding is measured first and again last."""
    detector = Detector(weights_file("nanodet-416"))
    detector.detect(np.zeros((64, 64, 3), np.uint8))  # the network loads
    ways: dict[str, Callable[[Path], int]] = {
        "decoding alone": decode,
        "whole chain, 2 Hz": lambda path: analyse_segment(path, VIEW, detector, START).frames_read,
        "detector on every frame": lambda path: detect_all(path, detector),
        "decoding alone, again": decode,
    }
    costs = {name: cpu_ms(way, clip) for name, way in ways.items()}
    if shutil.which("motion"):
        costs["motion daemon"] = cpu_ms(watched_by_motion, clip)
    base = min(costs["decoding alone"], costs["decoding alone, again"])
    return [
        f"{name:28} {cost:8.2f} ms/frame {1000 / cost:8.0f} frames/s {cost / base:7.1f} x decoding"
        for name, cost in costs.items()
    ]


def cpu_ms(way: Callable[[Path], int], clip: Path) -> float:
    """CPU milliseconds a frame, of this process and its children."""
    before = _cpu_s()
    frames = way(clip)
    return 1000 * (_cpu_s() - before) / frames


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def decode(clip: Path) -> int:
    """Decode every frame and convert none."""
    with open_footage(clip) as footage:
        for _ in footage.frames(lambda _: False):
            pass
        return footage.frames_read


def detect_all(clip: Path, detector: Detector) -> int:
    """The plain loop that many a project begins with; a tenth of the clip tells its cost."""
    with open_footage(clip) as footage:
        for index, frame in footage.frames(lambda _: True):
            detector.detect(frame)
            if index >= footage.frames_announced // 10:
                break
        return footage.frames_read


def watched_by_motion(clip: Path) -> int:
    """Debian's `motion` on the same clip, detection only; it reads at the clip's own speed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "motion.conf"
        with open_footage(clip) as footage:
            seconds = footage.frames_announced / footage.frame_rate_hz
            size = {"width": footage.width_px, "height": footage.height_px}
            rate = round(footage.frame_rate_hz)
        settings.write_text(MOTION.format(clip=clip.resolve(), rate=rate, **size))
        command = ["timeout", "-s", "INT", f"{seconds:.0f}", "motion", "-n", "-c", str(settings)]
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        return round(seconds * rate)


def empty_scene(folder: Path) -> Path:
    """The sample without its people: the median of a frame every 1.6 s, with noise, as MPEG-4."""
    with open_footage(SAMPLE) as footage:
        frames = [frame for _, frame in footage.frames(lambda index: index % 16 == 0)]
        rate_hz = footage.frame_rate_hz
    scene, generator = np.median(np.stack(frames), axis=0), np.random.default_rng(0)
    clip = folder / "empty.avi"
    size = scene.shape[1::-1]
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"XVID"), rate_hz, size)
    for _ in range(EMPTY_FRAMES):
        noisy = scene + generator.normal(0, NOISE_LEVELS, scene.shape)
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()
    return clip


if __name__ == "__main__":
    main()
