"""A live camera recorded without a break: pieces of about 10 seconds, handed over as they close.

ffmpeg copies the stream, without sound, into memory. When it ends, for whatever reason, it is
started again after a pause that grows; what was missed meanwhile is a gap, told when it is over.
"""

import datetime as dt
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from precrisis.footage.segments import SEGMENT_S
from precrisis.pack.sources import Source

SILENCE_S = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
LATE_S = 2.0  # a stream that lags more than this behind its own clock is dated anew


@dataclass(frozen=True)
class Piece:
    """A closed piece of one camera's stream. Times are UTC."""

    source_id: str
    camera_id: str
    file: Path
    started_at: dt.datetime
    duration_s: float
    closed_at: dt.datetime


@dataclass(frozen=True)
class Gap:
    """A stretch of which a camera gave nothing. Times are UTC; the reason quotes no address."""

    source_id: str
    camera_id: str
    started_at: dt.datetime
    ended_at: dt.datetime
    reason: str


def capture(source: Source, camera_id: str, folder: Path, stop: Event) -> Iterator[Piece | Gap]:
    """Yield what a live camera sends until `stop` is set, reconnecting for ever.

    A gap comes before the first piece after it, so one that lasts is told when it ends. The file of
    a piece is the caller's to delete.
    """
    missing_since, pause_s, reason = _now(), FIRST_PAUSE_S, ""
    while not stop.is_set():
        with _stream(source, folder) as stream:
            for piece in _closed(source.source_id, camera_id, folder, stream):
                if reason or (piece.started_at - missing_since).total_seconds() > SEGMENT_S:
                    why = reason or "the camera answered late"
                    yield Gap(source.source_id, camera_id, missing_since, piece.started_at, why)
                yield piece
                missing_since = piece.started_at + dt.timedelta(seconds=piece.duration_s)
                pause_s, reason = FIRST_PAUSE_S, ""
                if stop.is_set():
                    return
        reason = _reason(stream)
        stop.wait(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


@contextmanager
def _stream(source: Source, folder: Path) -> Iterator[subprocess.Popen]:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp"]
    command += ["-allowed_media_types", "video", "-timeout", str(SILENCE_S * 1_000_000)]
    command += ["-i", source.address, "-map", "0:v:0", "-an", "-c", "copy", "-map_metadata", "-1"]
    command += ["-f", "segment", "-segment_time", f"{SEGMENT_S:g}", "-reset_timestamps", "1"]
    command += ["-segment_format", "matroska", "-segment_list", "pipe:1"]
    command += ["-segment_list_type", "csv", "-y", str(folder / "piece-%06d.mkv")]
    stream = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield stream
    finally:
        stream.kill()
        stream.wait()


def _closed(
    source_id: str, camera_id: str, folder: Path, stream: subprocess.Popen
) -> Iterator[Piece]:
    """Pieces as ffmpeg lists them: name, start and end in seconds of the stream.

    The stream's clock is set by the promptest piece: delays only ever add.
    """
    began: float | None = None
    for line in stream.stdout:
        name, start, end = line.strip().split(",")
        closed_at = _now()
        at = closed_at.timestamp() - float(end)
        if began is None or at < began or at > began + LATE_S:
            began = at
        started_at = dt.datetime.fromtimestamp(began + float(start), dt.UTC)
        length_s = float(end) - float(start)
        yield Piece(source_id, camera_id, folder / name, started_at, length_s, closed_at)


def _reason(stream: subprocess.Popen) -> str:
    """Why a stream ended, without its address, which may hold a login."""
    if "401 Unauthorized" in stream.stderr.read():
        return "the camera refused the login (401); correct it in the source's address"
    return f"the stream ended (ffmpeg exit {stream.returncode})"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
