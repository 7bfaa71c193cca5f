"""Small films and broken files for tests, made by the ffmpeg program. Cameras export such files."""

import os
import shutil
import subprocess
import time
from pathlib import Path

RATE_HZ = 10


def film(
    path: Path, seconds: float = 12, size: str = "160x120", codec: str = "mjpeg", extra: str = ""
) -> Path:
    """A moving test picture; every frame is a keyframe under mjpeg."""
    source = f"testsrc=size={size}:rate={RATE_HZ}:duration={seconds}"
    return _ffmpeg(path, f"-f lavfi -i {source}", f"-c:v {codec} {extra}")


def film_with_sound(path: Path, seconds: float = 12) -> Path:
    """The test picture with a tone as its sound track."""
    picture = f"-f lavfi -i testsrc=size=160x120:rate={RATE_HZ}:duration={seconds}"
    tone = f"-f lavfi -i sine=frequency=440:duration={seconds}"
    return _ffmpeg(path, f"{picture} {tone}", "-c:v mjpeg -c:a pcm_s16le")


def sound_alone(path: Path) -> Path:
    """A tone in a film's container: no picture at all."""
    return _ffmpeg(path, "-f lavfi -i sine=frequency=440:duration=2", "-c:a pcm_s16le")


def truncated(path: Path, whole: Path, share: float = 0.5) -> Path:
    """The beginning of a film, as a broken transfer leaves it: no index at its end."""
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def header_alone(path: Path, whole: Path) -> Path:
    """An AVI that ends where its first frame would begin: a film of zero length."""
    content = whole.read_bytes()
    path.write_bytes(content[: content.index(b"movi") + 4])
    return path


def of_unknown_codec(path: Path, whole: Path) -> Path:
    """A film that names a codec nobody has."""
    path.write_bytes(
        whole.read_bytes().replace(b"MJPG", b"QQ7Z").replace(b"\xff\xd8\xff", b"\0\0\0")
    )
    return path


def offered(source: Path, target: Path) -> Path:
    """Copy a film to where a source looks, as if its upload had ended an hour ago."""
    shutil.copy(source, target)
    return aged(target)


def aged(path: Path, seconds: float = 3600) -> Path:
    """Let a file have been written some time ago: one written just now may still grow."""
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def _ffmpeg(path: Path, source: str, codec: str) -> Path:
    command = f"ffmpeg -nostdin -v error -y -threads 1 {source} {codec} -threads 1".split()
    subprocess.run([*command, str(path)], check=True, capture_output=True)
    return path
