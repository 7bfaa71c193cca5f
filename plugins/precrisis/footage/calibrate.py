"""cameras_calibrate: what is normal at a camera, learnt from its own footage while that is stored.

A camera without a calibration gets no anomaly score. What is learnt holds means of features and of
edges, no picture (models/README.md, anomaly-1), and lies sealed in the derived zone.
"""

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from precrisis import store
from precrisis.city import city
from precrisis.footage.stills import SEGMENT_COLUMNS, Segment
from precrisis.gate import authorise
from precrisis.modes import read_modes
from precrisis.outcome import Outcome, Step
from precrisis.retention.periods import CALIBRATION
from precrisis.run import Run
from precrisis.warehouse import connect, upsert
from precrisis.zone_keys import Damaged

if TYPE_CHECKING:
    from models.video.anomaly import AnomalyModel

NOUN = "camera_calibration"
MOST_SEGMENTS = 60  # ten minutes: more says little more, and costs as much again
LEARNABLE = f"""
SELECT {SEGMENT_COLUMNS} FROM raw.footage_segment AS s
WHERE s.camera_id = %(camera_id)s AND s.due_at > %(at)s AND s.started_at < %(at)s
AND NOT EXISTS (
    SELECT FROM raw.video_event AS e WHERE e.camera_id = s.camera_id
    AND e.started_at <= s.ended_at + %(margin)s AND e.ended_at >= s.started_at - %(margin)s
)
ORDER BY s.started_at
"""
EVENT_MARGIN = dt.timedelta(minutes=1)


class NothingLearnt(Exception):
    """A camera keeps the calibration it has, or none; says why."""


def cameras_to_calibrate() -> list[str]:
    """Ids of the city's cameras; each is calibrated on its own and can't stop another."""
    return [camera.camera_id for camera in city().cameras]


def calibrate_camera(camera_id: str, run: Run) -> int:
    """Learn one camera's normal from its stored footage; return 1, or 0 where nothing was learnt.

    Raises:
        StepFailed: the store or the weights were out of reach.
    """
    step = Step("calibrate_camera", NOUN, run, role="analysis", model=_model_version())
    done = step.each([camera_id], str, lambda c, o: _calibrate(c, o, run))
    return sum(outcome.rows_out for outcome in done)


def _calibrate(camera_id: str, outcome: Outcome, run: Run) -> None:
    from models.video.anomaly import NotEnoughFootage

    try:
        segments = _spread(_learnable(camera_id, run))
        outcome.rows_in = len(segments)
        model = _learn(segments, run)
        budget = city().thresholds.video_events["anomaly_false_alarms_per_day"].value
        alarm_score = model.budget_threshold(budget)
    except (NothingLearnt, NotEnoughFootage, ValueError) as reason:
        outcome.detail = f"nothing learnt: {reason}"
        return
    _keep(camera_id, model, alarm_score, budget, run)
    outcome.rows_out = 1
    outcome.detail = f"{model.frames} frames of {len(model.learnt_from)} days"


def _learnable(camera_id: str, run: Run) -> list[Segment]:
    """Stored segments away from named events and from times when a zone in view is protected."""
    zones = [region.zone_id for region in city().camera(camera_id).regions]
    facts = {"camera_id": camera_id, "at": run.interval_end, "margin": EVENT_MARGIN}
    with connect("analysis") as connection:
        modes = read_modes(connection, city())
        found = [Segment(**row) for row in connection.execute(LEARNABLE, facts)]
    return [
        s for s in found if not any(modes.is_protected(z, s.started_at, s.ended_at) for z in zones)
    ]


def _spread(segments: list[Segment]) -> list[Segment]:
    """At most MOST_SEGMENTS, evenly over the time they cover.

    Raises:
        NothingLearnt: there are none.
    """
    if not segments:
        raise NothingLearnt("no stored footage away from events and protected times")
    count = min(MOST_SEGMENTS, len(segments))
    return [segments[i * len(segments) // count] for i in range(count)]


def _learn(segments: list[Segment], run: Run) -> "AnomalyModel":
    from models.register import weights_file
    from models.video.anomaly import calibrate, frame_step
    from models.video.clips import Clip

    days = sorted({f"{s.started_at.astimezone(city().timezone):%Y-%m-%d}" for s in segments})
    rate_hz = segments[0].frame_rate_hz
    step = frame_step(rate_hz)
    with tempfile.TemporaryDirectory() as folder:
        clips = [
            Clip(s.object_key, path, step=step)
            for number, s in enumerate(segments)
            if (path := _fetched(s, Path(folder, str(number)), run))
        ]
        return calibrate(clips, rate_hz / step, weights_file("nanodet-416"), days)


def _fetched(segment: Segment, folder: Path, run: Run) -> Path | None:
    """The segment as a file; None when it is gone or damaged: the others will do."""
    authorise(city().source(segment.source_id), run, "analysis")
    folder.mkdir()
    try:
        return store.fetch("analysis", "restricted", segment.object_key, folder)
    except (FileNotFoundError, Damaged):
        return None


def _keep(
    camera_id: str, model: "AnomalyModel", alarm_score: float, budget: float, run: Run
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model.save(file := Path(folder, "artefact.npz"))
        content = file.read_bytes()
    key = f"{NOUN}/{camera_id}/{run.interval_end.astimezone(dt.UTC):%Y-%m-%dT%H%M%SZ}.npz"
    with connect("analysis") as connection:
        stored = store.put(
            connection, "analysis", "derived", key, content, noun=NOUN, retention=CALIBRATION.kept
        )
        row = {
            "camera_id": camera_id,
            "calibrated_at": run.interval_end,
            "model_version": _model_version(),
            "settings_digest": model.settings.digest,
            "learnt_from": list(model.learnt_from),
            "frame_count": model.frames,
            "frame_rate_hz": model.camera.rate_hz,
            "width_px": model.camera.width_px,
            "height_px": model.camera.height_px,
            "alarm_score": alarm_score,
            "false_alarms_per_day": budget,
            "object_key": key,
            "sha256": stored.sha256,
            "expires_at": stored.due_at,
        }
        upsert(connection, f"raw.{NOUN}", ("camera_id", "calibrated_at"), [row])


def _model_version() -> str:
    from models.video.anomaly.model import VERSION

    return VERSION
