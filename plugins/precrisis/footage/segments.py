"""Cut a recording into 10-second segments without sound, by the ffmpeg program.

The video stream is copied as it is where its keyframes allow segments of about that length;
otherwise it is encoded anew. ffmpeg runs as a process of its own: a malformed file can end it, not
us, and none of its code is linked here.
"""

import json
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from precrisis.outcome import Refused

SEGMENT_S = 10.0
LONGEST_S = 15.0
MAX_SIDE_PX = 8192
# Containers that hold their own pictures. A playlist, whatever it is named, could make ffmpeg open
# other files or addresses.
CONTAINERS = "avi,matroska,mov,mpegts,mpeg,asf,flv"
MAX_PIXELS = 33_200_000  # 8K
TIMEOUT_S = 600


@dataclass(frozen=True)
class Video:
    """What ffprobe says of a file. Times in seconds, rate in Hz, sides in px."""

    codec: str
    width_px: int
    height_px: int
    frame_rate_hz: float
    start_s: float
    duration_s: float
    frame_count: int
    audio_streams: int


def probe(path: Path) -> Video:
    """Read a file's properties, counting its frames.

    Raises:
        Refused: it is empty, no video, unreadable, or of a size no camera has.
    """
    if path.stat().st_size == 0:
        raise Refused("file_not_empty", "the file is empty (0 bytes)")
    command = ["ffprobe", "-v", "error", "-format_whitelist", CONTAINERS]
    command += ["-count_packets", "-show_streams", "-show_format"]
    answer = _run([*command, "-of", "json", str(path)], "video_readable")
    streams = json.loads(answer or "{}").get("streams", [])
    videos = [s for s in streams if s.get("codec_type") == "video" and s.get("codec_name")]
    if not videos:
        raise Refused("has_video", "there is no video stream that can be decoded")
    stream, container = videos[0], json.loads(answer)["format"]
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    if not (
        0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_PIXELS
    ):
        raise Refused("size_plausible", f"{width}x{height} px is no size of a camera picture")
    frames = int(stream.get("nb_read_packets", 0))
    if frames == 0:
        raise Refused("has_frames", "the video stream holds no frame")
    rate = _ratio(stream.get("avg_frame_rate")) or _ratio(stream.get("r_frame_rate")) or 0.0
    duration = float(container.get("duration") or stream.get("duration") or 0)
    return Video(
        codec=stream["codec_name"],
        width_px=width,
        height_px=height,
        frame_rate_hz=rate,
        start_s=float(container.get("start_time") or 0),
        duration_s=duration or (frames / rate if rate else 0.0),
        frame_count=frames,
        audio_streams=sum(s.get("codec_type") == "audio" for s in streams),
    )


def cut(recording: Path, folder: Path) -> list[tuple[float, Path]]:
    """Cut a recording; return (offset from its start in seconds, file) in order.

    Raises:
        Refused: nothing of it can be decoded.
    """
    pieces = _cut(recording, folder, ["-c", "copy"])
    if not pieces or _longest(pieces, probe(recording).duration_s) > LONGEST_S:
        pieces = _cut(recording, folder, _encode_with_keyframes())
    if not pieces:
        raise Refused("has_frames", "no part of the video can be decoded")
    return pieces


def _encode_with_keyframes() -> list[str]:
    every = f"expr:gte(t,n_forced*{SEGMENT_S:g})"
    return ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-bf", "0",
            "-pix_fmt", "yuv420p", "-threads", "1", "-force_key_frames", every]  # fmt: skip


def _cut(recording: Path, folder: Path, codec: list[str]) -> list[tuple[float, Path]]:
    for old in folder.glob("piece-*.mkv"):
        old.unlink()
    command = ["ffmpeg", "-nostdin", "-v", "error", "-err_detect", "ignore_err"]
    command += ["-format_whitelist", CONTAINERS, "-i"]
    command += [str(recording), "-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1"]
    command += [*codec, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "segment"]
    command += ["-segment_time", f"{SEGMENT_S:g}", "-reset_timestamps", "1"]
    command += ["-segment_format_options", "fflags=+bitexact"]
    command += ["-segment_list", str(folder / "pieces.csv"), "-segment_list_type", "csv"]
    # A truncated file ends with an error after its good part: what was cut is kept.
    _run([*command, "-y", str(folder / "piece-%05d.mkv")], "video_readable", check=False)
    listing = folder / "pieces.csv"
    listed = listing.read_text().splitlines() if listing.exists() else []
    pieces = [(line.split(",")[0], float(line.split(",")[1])) for line in listed if "," in line]
    first = pieces[0][1] if pieces else 0.0
    whole = [(start - first, folder / name) for name, start in pieces]
    return [(start, path) for start, path in whole if path.exists() and _has_frames(path)]


def _has_frames(path: Path) -> bool:
    try:
        return probe(path).frame_count > 0
    except Refused:
        return False


def _longest(pieces: list[tuple[float, Path]], duration_s: float) -> float:
    starts = [start for start, _ in pieces] + [max(duration_s, pieces[-1][0])]
    return max(after - before for before, after in pairwise(starts))


def _run(command: list[str], rule: str, check: bool = True) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Refused(rule, f"the file kept {command[0]} busy for {TIMEOUT_S} s") from None
    if check and result.returncode:
        raise Refused(rule, f"{command[0]} can't read it (exit {result.returncode})")
    return result.stdout


def _ratio(text: str | None) -> float | None:
    numerator, _, denominator = (text or "").partition("/")
    try:
        value = float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value or None
