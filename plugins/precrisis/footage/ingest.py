"""footage_ingest: recordings become stored segments, audio dropped, each with a due time."""

import datetime as dt
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from expectations.footage_segment import STATION
from precrisis import door, store
from precrisis.city import City, Purpose, city
from precrisis.footage.segments import Video, cut, probe
from precrisis.footage.sources import Recording, fetch, recordings
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
from precrisis.run import Run
from precrisis.warehouse import connect

BATCH = 20
WHOLE_SHARE = 0.95  # a container states its duration only about


def find_recordings(run: Run) -> list[list[dict[str, Any]]]:
    """List recordings not taken in yet, in batches of one camera each (JSON-ready)."""
    found = []
    for source in city().sources_of("footage_segment"):
        authorise(city(), source, run.interval_end)
        found += list(recordings(city(), source, run.interval_end))
    known = _already_settled([recording.key for recording in found])
    by_camera: dict[str, list[dict]] = {}
    for recording in found:
        if recording.key not in known:
            by_camera.setdefault(recording.camera_id, []).append(_to_json(recording))
    return [part[i : i + BATCH] for part in by_camera.values() for i in range(0, len(part), BATCH)]


def take_in(batch: list[dict[str, Any]], run: Run) -> int:
    """Cut, check and store a batch of recordings; return the number of segments stored.

    A recording that can't be used is quarantined and the others go on. Run again, it writes the
    same objects under the same keys.
    """
    step = Step("take_in_recording", "footage_segment", run, role="ingest")
    done = step.each(map(_from_json, batch), lambda r: r.key, lambda r, o: _take_in(r, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(recording: Recording, outcome: Outcome, run: Run) -> None:
    the_city = city()
    source = the_city.source(recording.source_id)
    purpose = authorise(the_city, source, run.interval_end)
    with tempfile.TemporaryDirectory() as folder, connect("ingest") as connection:
        file = fetch(recording, source, Path(folder))
        _known_camera(the_city, recording)
        announced = probe(file)
        rows = [
            _store(connection, recording, purpose, offset, piece)
            for offset, piece in cut(file, Path(folder))
        ]
        outcome.rows_in = len(rows)
        try:
            outcome.rows_out = door.load(connection, STATION, rows, recording.key, keep=("due_at",))
        except door.AllRefused as closed:
            raise Refused("segments_plausible", str(closed)) from None
        outcome.detail = _note_loss(connection, recording, announced, rows)


def _note_loss(connection, recording: Recording, announced: Video, rows: list[dict]) -> str:
    """Say so in quarantine when a recording ends early; what could be read of it was stored."""
    read_s = sum((row["ended_at"] - row["started_at"]).total_seconds() for row in rows)
    if read_s >= WHOLE_SHARE * announced.duration_s:
        return ""
    loss = f"{read_s:.1f} of {announced.duration_s:.1f} s can be read; that part was stored"
    quarantine(connection, "footage_segment", recording.key, Refused("recording_whole", loss))
    return loss


def _known_camera(the_city: City, recording: Recording) -> None:
    known = {camera.camera_id for camera in the_city.cameras}
    if recording.camera_id not in known:
        reason = f"camera '{recording.camera_id}' is not in the city pack"
        raise Refused("camera_known", reason)


def _store(connection, recording: Recording, purpose: Purpose, offset: float, piece: Path) -> dict:
    video = probe(piece)
    if video.audio_streams:
        raise Refused("no_audio", "a cut segment still holds sound; it was not stored")
    started_at = recording.started_at + dt.timedelta(seconds=round(offset, 3))
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


def _already_settled(keys: list[str]) -> set[str]:
    """Recordings that were taken in, or refused for good: their names say they will not change."""
    with connect("ingest") as connection:
        rows = connection.execute(
            "SELECT DISTINCT item_key FROM ops.outcome WHERE step = 'take_in_recording' "
            "AND status IN ('ok', 'quarantined') AND item_key = ANY(%s)",
            (keys,),
        )
        return {row["item_key"] for row in rows}


def _to_json(recording: Recording) -> dict[str, Any]:
    start = recording.started_at.isoformat() if recording.started_at else None
    return asdict(recording) | {"started_at": start}


def _from_json(content: dict[str, Any]) -> Recording:
    start = content["started_at"]
    return Recording(**content | {"started_at": start and dt.datetime.fromisoformat(start)})
