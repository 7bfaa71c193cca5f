"""How well crossings of lines are counted in a video whose tracks people drew."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from models.evaluation.labels import BadLabels, rows_of
from models.register import weights_file
from models.video.analyse import CameraView, Region, analyse_segment
from models.video.detector import Detector
from models.video.footage import open_footage
from models.video.paths import Path as Way
from models.video.view import Line

WHOLE = Region("whole", ((0, 0), (1, 0), (1, 1), (0, 1)))
QUARTERS = (0.25, 0.5, 0.75)
LINES = tuple(
    line
    for at in QUARTERS
    for line in (Line(f"down-{at}", (at, 0), (at, 1)), Line(f"across-{at}", (0, at), (1, at)))
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def evaluate_crossings(video: Path, boxes: Path, rate_hz: float) -> dict[str, float]:
    """Count people over six lines, at the quarters of the picture down and across, as one segment.

    `boxes` has one person's boxes under one `track`; frames are counted from 0. `crossings_off`:
    what is too many or too few of a line and way, summed.

    Raises:
        BadLabels, UnreadableVideo: see there.
    """
    with open_footage(video) as footage:
        size, frame_rate_hz = (footage.width_px, footage.height_px), footage.frame_rate_hz
    true = _counts(list(_ways(boxes, size, frame_rate_hz)))
    camera = CameraView("evaluation", (WHOLE,), rate_hz, lines=LINES)
    seen = analyse_segment(video, camera, Detector(weights_file("nanodet-416")), START)
    found: dict[tuple[str, bool], int] = defaultdict(int)
    for count in seen.line_counts:
        found[count.line_id, True] += count.people_right_count
        found[count.line_id, False] += count.people_left_count
    return {
        "crossings_true": sum(true.values()),
        "crossings_found": sum(found.values()),
        "crossings_off": sum(abs(true[key] - found[key]) for key in {*true, *found}),
    }


def _counts(ways: Iterable[Way]) -> dict[tuple[str, bool], int]:
    counts: dict[tuple[str, bool], int] = defaultdict(int)
    for way in ways:
        for line in LINES:
            for _, to_right in way.line_crossings(line):
                counts[line.line_id, to_right] += 1
    return counts


def _ways(path: Path, size: tuple[int, int], frame_rate_hz: float) -> Iterable[Way]:
    """The drawn tracks as ways of foot points."""
    tracks: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for row in rows_of(path, ("frame", "track", "x", "y", "w", "h")):
        try:
            x, y, w, h = (float(row[name]) for name in "xywh")
            tracks[row["track"]].append((int(row["frame"]), x + w / 2, y + h, h))
        except ValueError as error:
            raise BadLabels(f"{path.name}: {row} holds something that is no number") from error
    for places in tracks.values():
        frames, x, y, heights = np.array(sorted(places)).T
        seen = np.clip(np.c_[x, y] / size, 0, 1)
        yield Way("person", frames / frame_rate_hz, seen, seen, float(np.median(heights)) / size[1])
