"""footage_ingest: recordings become stored segments, audio dropped, each with a due time."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from expectations.footage_segment import STATION
from precrisis import door, store
from precrisis.city import City, Purpose, city
from precrisis.footage.listing import settled
from precrisis.footage.recording import Fetched, Recording
from precrisis.footage.segments import cut, probe
from precrisis.footage.sources import fetch
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
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
            _store(connection, recording, fetched, purpose, offset, piece)
            for offset, piece in cut(fetched.file, Path(folder))
        ]
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


def _store(
    connection,
    recording: Recording,
    fetched: Fetched,
    purpose: Purpose,
    offset: float,
    piece: Path,
) -> dict:
    video = probe(piece)
    if video.audio_streams:
        raise Refused("no_audio", "a cut segment still holds sound; it was not stored")
    started_at = fetched.started_at + dt.timedelta(seconds=round(offset, 3))
    key = segment_key(recording.camera_id, started_at)
    retention = dt.timedelta(hours=purpose.retention_hours)
    stored = store.put(
        connection, "ingest", "restricted", key, piece.read_bytes(),
        noun="footage_segment", retention=retention, content_type="video/x-matroska",
    )  # fmt: skip
    duration = video.frame_count / video.frame_rate_hz if video.frame_rate_hz else 0.0
    return {
        "camera_id": recording.camera_id,
        "started_at": started_at,
        "ended_at": started_at + dt.timedelta(seconds=max(duration, video.duration_s)),
        "source_id": recording.source_id,
        "object_key": key,
        "sha256": stored.sha256,
        "size_bytes": stored.size_bytes,
        "frame_count": video.frame_count,
        "frame_rate_hz": video.frame_rate_hz,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "codec": video.codec,
        "due_at": stored.due_at,
    }


def segment_key(camera_id: str, started_at: dt.datetime) -> str:
    """Object key of a segment: time first, so that new segments list last."""
    return f"footage_segment/{started_at:%Y-%m-%d}/{started_at:%H%M%S%f}Z_{camera_id}.mkv"
