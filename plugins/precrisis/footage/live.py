"""A source that is a live camera: a stretch of its RTSP stream, without sound."""

import datetime as dt
import subprocess
from pathlib import Path

from precrisis.footage.recording import Fetched
from precrisis.footage.segments import probe
from precrisis.outcome import Refused
from precrisis.pack.sources import Source

SILENCE_S = 10
GRACE_S = 60


def record(source: Source, target: Path) -> Fetched:
    """Record `stretch_s` seconds from now on; a camera that falls silent gives what came.

    It is dated by the clock and not by its run: a task may wait long for a slot. The stream counts
    from its first packet on, and is kept from the next keyframe on.

    Raises:
        Refused: the camera did not deliver; the reason never quotes its address.
    """
    started_at = dt.datetime.now(dt.UTC)
    reason = _record(source, target)
    if not target.exists() or target.stat().st_size == 0:
        raise Refused("camera_answers", reason)
    start_s = probe(target).start_s
    first_at = started_at + dt.timedelta(seconds=start_s)
    return Fetched(target, first_at, source.stretch_s - start_s)


def _record(source: Source, target: Path) -> str:
    """Run ffmpeg; return what to say of it when nothing came."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp"]
    # The sound track is not even asked for; -an alone would drop it only here.
    command += ["-allowed_media_types", "video", "-timeout", str(SILENCE_S * 1_000_000)]
    command += ["-i", source.address, "-t", str(source.stretch_s), "-map", "0:v:0", "-an"]
    command += ["-c", "copy", "-f", "matroska", "-y", str(target)]
    try:
        result = subprocess.run(command, capture_output=True, timeout=source.stretch_s + GRACE_S)
    except subprocess.TimeoutExpired:
        return "the camera stalled; check it and its network"
    if b"401 Unauthorized" in result.stderr:
        return "the camera refused the login (401); correct it in the source's address"
    return f"the camera did not deliver (ffmpeg exit {result.returncode})"
