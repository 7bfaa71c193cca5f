"""Single frames of stored segments, for whoever draws from them. They stay in this process."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precrisis import store
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.run import Run

STILLS = 32  # for a plate
SEGMENT_COLUMNS = "object_key, source_id, started_at, ended_at, frame_count, frame_rate_hz"


@dataclass(frozen=True)
class Segment:
    """A row of raw.footage_segment, as far as its frames need it. Times are UTC."""

    object_key: str
    source_id: str
    started_at: dt.datetime
    ended_at: dt.datetime
    frame_count: int
    frame_rate_hz: float

    def shows(self, moment: dt.datetime) -> bool:
        """True when a frame of the segment was taken at that moment."""
        return self.started_at <= moment < self.ended_at


def still(segment: Segment, moment: dt.datetime, run: Run) -> Any:
    """The frame (BGR) taken at a moment that the segment shows.

    Raises:
        UnreadableVideo, FileNotFoundError: there is none to be had.
    """
    from models.video.footage import UnreadableVideo

    offset_s = (moment - segment.started_at).total_seconds()
    wanted = min(round(offset_s * segment.frame_rate_hz), segment.frame_count - 1)
    with _frames(segment, {wanted}, run) as frames:
        for _, frame in frames:
            return frame
    raise UnreadableVideo(Path(segment.object_key), f"frame {wanted} can't be decoded")


def stills(segments: tuple[Segment, ...], run: Run) -> Iterator[Any]:
    """About STILLS frames (TimedFrame), spread evenly; what can't be read is passed over."""
    from models.video.background import TimedFrame
    from models.video.footage import UnreadableVideo

    chosen = segments[:: max(1, len(segments) // STILLS)]
    each = max(1, -(-STILLS // max(1, len(chosen))))
    for segment in chosen:
        wanted = {segment.frame_count * (2 * i + 1) // (2 * each) for i in range(each)}
        start_s = segment.started_at.timestamp()
        try:
            with _frames(segment, wanted, run) as frames:
                for index, frame in frames:
                    yield TimedFrame(start_s + index / segment.frame_rate_hz, frame)
        except (UnreadableVideo, FileNotFoundError):
            continue


@contextmanager
def _frames(segment: Segment, wanted: set[int], run: Run) -> Iterator[Iterator[tuple[int, Any]]]:
    """(index, frame) of the wanted frames, in plate size."""
    from models.video.background import in_plate_size
    from models.video.footage import open_footage

    authorise(city().source(segment.source_id), run, "analysis")
    with tempfile.TemporaryDirectory() as folder:
        path = store.fetch("analysis", "restricted", segment.object_key, Path(folder))
        with open_footage(path) as footage:
            yield ((i, in_plate_size(f)) for i, f in footage.frames(wanted.__contains__))
