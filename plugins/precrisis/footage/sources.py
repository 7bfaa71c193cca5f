"""Where recordings come from: an export folder, an S3 prefix or a live RTSP address.

A recording's file name says which camera and when: `<camera_id>_<UTC start>.<ext>`, for example
duomo-nord_20261120T172000Z.avi. A source lists what it has; fetching one is a separate act, so
that a broken recording can't hide the others.
"""

import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from precrisis.city import City, Source
from precrisis.outcome import Refused
from precrisis.store import client

NAME = re.compile(r"^(?P<camera>[a-z0-9-]+)_(?P<start>\d{8}T\d{6}Z)\.[A-Za-z0-9]{2,4}$")
RTSP_STRETCH_S = 60


@dataclass(frozen=True)
class Recording:
    """A stretch of one camera's footage that a source offers. `started_at` is UTC."""

    source_id: str
    camera_id: str
    started_at: dt.datetime | None
    address: str

    @property
    def key(self) -> str:
        """How the recording is named in outcomes: never a full address, which may hold a login."""
        if self.address.startswith("rtsp"):
            return f"{self.source_id}/{self.camera_id}_{self.started_at:%Y%m%dT%H%M%SZ}"
        return f"{self.source_id}/{Path(self.address).name}"


def recordings(city: City, source: Source, at: dt.datetime) -> Iterator[Recording]:
    """List what a source offers at time `at` (UTC), oldest name first.

    Raises:
        FileNotFoundError: the export folder is not there (not mounted?).
    """
    if source.kind == "rtsp":
        for camera in (c for c in city.cameras if c.source_id == source.source_id):
            yield Recording(source.source_id, camera.camera_id, at, source.address)
        return
    names = _in_bucket(source) if source.kind == "s3" else _in_folder(source)
    for address in names:
        match = NAME.match(Path(address).name)
        start = _utc(match["start"]) if match else None
        yield Recording(source.source_id, match["camera"] if match else "", start, address)


def fetch(recording: Recording, source: Source, folder: Path) -> Path:
    """Bring a recording into `folder` and return its path; the original is left untouched.

    Raises:
        Refused: its name does not say camera and time, or the camera did not deliver.
    """
    if recording.started_at is None:
        reason = "its name must be <camera_id>_<YYYYMMDDTHHMMSSZ>.<ext>"
        raise Refused("recording_named", reason)
    if source.kind == "folder":
        return Path(recording.address)
    target = folder / f"{recording.camera_id}.mkv"
    if source.kind == "s3":
        bucket, _, key = recording.address.partition("/")
        client("ingest").fget_object(bucket, key, str(target))
    else:
        _record_rtsp(recording.address, target)
    return target


def _in_folder(source: Source) -> list[str]:
    folder = Path(source.address)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"Source '{source.source_id}': folder {folder} is not there; mount or correct it."
        )
    return sorted((str(path) for path in folder.rglob("*") if path.is_file()), key=_name)


def _in_bucket(source: Source) -> list[str]:
    bucket, _, prefix = source.address.partition("/")
    found = client("ingest").list_objects(bucket, prefix=prefix, recursive=True)
    return sorted((f"{bucket}/{entry.object_name}" for entry in found), key=_name)


def _record_rtsp(address: str, target: Path) -> None:
    """Record one stretch of a live camera; sound is not even asked for."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp"]
    command += ["-timeout", "10000000", "-i", address, "-t", str(RTSP_STRETCH_S), "-an"]
    command += ["-map", "0:v:0", "-c", "copy", "-f", "matroska", "-y", str(target)]
    try:
        result = subprocess.run(command, capture_output=True, timeout=RTSP_STRETCH_S + 60)
    except subprocess.TimeoutExpired:
        raise Refused("camera_answers", "the camera stalled; check it and its network") from None
    if not target.exists() or target.stat().st_size == 0:
        reason = f"the camera did not deliver (ffmpeg exit {result.returncode})"
        raise Refused("camera_answers", reason)


def _name(address: str) -> str:
    return Path(address).name


def _utc(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None  # the 32nd of a month
