"""Where recordings come from: an export folder, an S3 bucket or a live RTSP address.

A recording's file name says which camera and when: `<camera_id>_<UTC start>.<ext>`, for example
duomo-nord_20261120T172000Z.avi. A source lists what it has; fetching one is a separate act, so
that a broken recording can't hide the others.
"""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from precrisis.city import City
from precrisis.file_sources import bucket, folder
from precrisis.footage import live
from precrisis.footage.recording import Fetched, Recording
from precrisis.outcome import Refused
from precrisis.pack.sources import Source

NAME = re.compile(
    r"^(?P<camera>[a-z0-9-]+)_(?P<start>(?:19|20)\d{6}T\d{6}Z)\.[A-Za-z0-9]{2,4}\Z", re.ASCII
)


def recordings(city: City, source: Source, at: dt.datetime) -> Iterator[Recording]:
    """List what a source offers at time `at` (UTC), oldest name first.

    Raises:
        SourceUnreadable: it can't be listed; the message names the source and the remedy.
    """
    if source.kind == "rtsp":
        for camera in (c for c in city.cameras if c.source_id == source.source_id):
            yield Recording(source.source_id, camera.camera_id, at)
        return
    offered = bucket.listed(source) if source.kind == "s3" else folder.listed(source)
    for file in sorted(offered, key=lambda file: PurePosixPath(file.path).name):
        match = NAME.match(PurePosixPath(file.path).name)
        start = _utc(match["start"]) if match else None
        camera_id = match["camera"] if match else ""
        yield Recording(source.source_id, camera_id, start, _storable(file.path), file.size_bytes)


def fetch(recording: Recording, source: Source, into: Path) -> Fetched:
    """Bring a recording into the folder `into`; the original is left untouched.

    Raises:
        Refused: its name does not say camera and time, or the camera did not deliver.
        SourceUnreadable: its source can't be read any more.
    """
    if recording.started_at is None:
        reason = "its name must be <camera_id>_<YYYYMMDDTHHMMSSZ>.<ext>"
        raise Refused("recording_named", reason)
    target = into / f"{recording.camera_id}.mkv"
    if source.kind == "rtsp":
        return live.record(source, target)
    if source.kind == "folder":
        return Fetched(Path(source.address, recording.path), recording.started_at)
    bucket.fetch(source, recording.path, target)
    return Fetched(target, recording.started_at)


def _storable(path: str) -> str:
    """A name that is not UTF-8, in a form that a table takes; as a recording it is refused."""
    return path.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _utc(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None  # the 32nd of a month
