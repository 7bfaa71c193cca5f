"""footage_ingest: recordings become stored segments, audio dropped, each with a due time."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from expectations.footage_segment import STATION
from precrisis import door, store
from precrisis.city import City, city
from precrisis.footage.listing import settled
from precrisis.footage.recording import Recording
from precrisis.footage.segments import Video, cut, probe
from precrisis.footage.sources import fetch
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
from precrisis.register import Purpose
from precrisis.run import Run
from precrisis.warehouse import connect

WHOLE_SHARE = 0.95  # a container states its duration only about


def take_in(batch: list[dict[str, Any]], run: Run) -> int:
    """Cut, check and store a batch of recordings; return the number of segments stored.

    A recording that can't be used is quarantined and the others go on. Run again, it writes the
    same objects under the same keys; what a live camera gave this run is not recorded again.
    """
    offered = [Recording.from_json(content) for content in batch]
    recorded = settled([recording.key for recording in offered if recording.is_live])
    step = Step("take_in_recording", "footage_segment", run, role="ingest")
    new = (recording for recording in offered if recording.key not in recorded)
    done = step.each(new, lambda r: r.key, lambda r, o: _take_in(r, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(recording: Recording, outcome: Outcome, run: Run) -> None:
    the_city = city()
    source = the_city.source(recording.source_id)
    purpose = authorise(source, run, "ingest")
    with tempfile.TemporaryDirectory() as folder, connect("ingest") as connection:
        fetched = fetch(recording, source, Path(folder))
        _known_camera(the_city, recording)
        expected_s = fetched.expected_s or probe(fetched.file).duration_s
        rows = [
            store_segment(
                connection, purpose, recording.source_id, recording.camera_id,
                fetched.started_at + dt.timedelta(seconds=round(offset, 3)), piece,
            )
            for offset, piece in cut(fetched.file, Path(folder))
        ]  # fmt: skip
        outcome.rows_in = len(rows)
        try:
            outcome.rows_out = door.load(connection, STATION, rows, recording.key, keep=("due_at",))
        except door.AllRefused as closed:
            raise Refused("segments_plausible", str(closed)) from None
        outcome.detail = _note_loss(connection, recording, expected_s, rows)


def _note_loss(connection, recording: Recording, expected_s: float, rows: list[dict]) -> str:
    """Say so in quarantine when a recording ends early; what could be read of it was stored."""
    read_s = sum((row["ended_at"] - row["started_at"]).total_seconds() for row in rows)
    if read_s >= WHOLE_SHARE * expected_s:
        return ""
    loss = f"{read_s:.1f} of {expected_s:.1f} s can be read; that part was stored"
    quarantine(connection, "footage_segment", recording.key, Refused("recording_whole", loss))
    return loss


def _known_camera(the_city: City, recording: Recording) -> None:
    known = {camera.camera_id for camera in the_city.cameras}
    if recording.camera_id not in known:
        reason = f"camera '{recording.camera_id}' is not in the city pack"
        raise Refused("camera_known", reason)


def store_segment(
    connection,
    purpose: Purpose,
    source_id: str,
    camera_id: str,
    started_at: dt.datetime,
    piece: Path,
) -> dict[str, Any]:
    """Store one piece of footage, sealed; return its row of raw.footage_segment.

    Raises:
        Refused: it can't be decoded, or holds sound; then it is not stored.
    """
    video = probe(piece)
    if video.audio_streams:
        raise Refused("no_audio", "a cut segment still holds sound; it was not stored")
    key = segment_key(camera_id, started_at)
    retention = dt.timedelta(hours=purpose.retention_hours)
    stored = store.put(
        connection, "ingest", "restricted", key, piece.read_bytes(),
        noun="footage_segment", retention=retention, content_type="video/x-matroska",
    )  # fmt: skip
    kept = {
        "object_key": key,
        "sha256": stored.sha256,
        "size_bytes": stored.size_bytes,
        "due_at": stored.due_at,
    }
    return segment_row(source_id, camera_id, started_at, video, kept)


def segment_row(
    source_id: str, camera_id: str, started_at: dt.datetime, video: Video, kept: dict[str, Any]
) -> dict[str, Any]:
    """The row of raw.footage_segment of a stored piece.

    `kept`: object_key, sha256, size_bytes and due_at, as the ledger has them.
    """
    counted_s = video.frame_count / video.frame_rate_hz if video.frame_rate_hz else 0.0
    return {
        "camera_id": camera_id,
        "started_at": started_at,
        "ended_at": started_at + dt.timedelta(seconds=max(counted_s, video.duration_s)),
        "source_id": source_id,
        "frame_count": video.frame_count,
        "frame_rate_hz": video.frame_rate_hz,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "codec": video.codec,
        **kept,
    }


def write_segments(rows_by_piece: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """Write the rows of several pieces; return how many of each passed the door."""
    if not rows_by_piece:
        return {}
    with connect("ingest") as connection:
        return door.load_items(connection, STATION, rows_by_piece, next(iter(rows_by_piece)))


def segment_key(camera_id: str, started_at: dt.datetime) -> str:
    """Object key of a segment: time first, so that new segments list last."""
    return f"footage_segment/{started_at:%Y-%m-%d}/{started_at:%H%M%S%f}Z_{camera_id}.mkv"
