"""models_evaluate: how often what a camera names is right, by what reviewers and labels say.

Reviews tell of alerts alone: of what was raised, how much a person confirmed. How much was missed
only labels can tell (labels.py). What nobody reviewed and nobody labelled has no row.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from expectations.event_label import WATCHED
from precrisis.city import city
from precrisis.footage.muting import muted_kinds
from precrisis.gate import authorise
from precrisis.modes import Modes, read_modes
from precrisis.outcome import Outcome, Step
from precrisis.pack.places import Camera
from precrisis.run import Run
from precrisis.warehouse import connect, upsert

# An alert speaks for each kind and camera that it rests on, once, by its last review.
REVIEWED = """
WITH last_words AS (
    SELECT DISTINCT ON (alert_id) alert_id, decision, decided_at FROM ops.alert_review
    WHERE decided_at <= %(at)s ORDER BY alert_id, decided_at DESC
)
SELECT c.candidate ->> 'kind' AS kind,
    count(DISTINCT a.alert_id)::int AS reviewed_count,
    (count(DISTINCT a.alert_id) FILTER (WHERE w.decision = 'accept'))::int AS accepted_count
FROM last_words AS w
INNER JOIN ops.alert AS a ON a.alert_id = w.alert_id
CROSS JOIN LATERAL jsonb_array_elements(a.inputs -> 'candidates') AS c (candidate)
WHERE w.decided_at > %(since)s AND c.candidate -> 'inputs' ->> 'camera_id' = %(camera_id)s
GROUP BY 1
"""
# Only of footage that was looked at: what was never analysed was not missed.
LABELS = """
SELECT DISTINCT l.kind, l.started_at, l.ended_at FROM raw.event_label AS l
WHERE l.camera_id = %(camera_id)s AND EXISTS (
    SELECT FROM raw.camera_observation AS o
    WHERE o.camera_id = l.camera_id AND o.window_start <= l.ended_at
    AND o.window_start > l.started_at - interval '1 minute' AND o.window_end >= l.started_at
)
ORDER BY 1, 2, 3
"""
EVENTS = """
SELECT kind, started_at, ended_at FROM raw.video_event
WHERE camera_id = %(camera_id)s AND ended_at >= %(first)s AND started_at <= %(last)s
"""
WATCHED_H = """
SELECT coalesce(sum(extract(epoch FROM w.window_end - w.window_start)) / 3600, 0)::float AS hours
FROM (
    SELECT DISTINCT o.window_start, o.window_end FROM raw.event_label AS l
    INNER JOIN raw.camera_observation AS o ON o.camera_id = l.camera_id
    AND o.window_start >= l.started_at AND o.window_end <= l.ended_at
    WHERE l.camera_id = %(camera_id)s AND l.kind = 'watched'
) AS w
"""
NOTHING = {
    "reviewed_count": 0, "accepted_count": 0, "labelled": 0, "found": 0, "named": 0, "right": 0,
}  # fmt: skip
KEY = ("evaluated_on", "camera_id", "kind")


@dataclass(frozen=True)
class _Meant:
    """A label as an event would be: where, what and when."""

    camera_id: str
    zone_id: str
    kind: str
    started_at: dt.datetime
    ended_at: dt.datetime


def score_cameras(run: Run) -> int:
    """Score every camera's named events as of the run's end; return the rows written.

    Raises:
        StepFailed: the register does not allow the labels.
    """
    step = Step("score_events", "event_score", run, role="analysis")
    cameras = [camera.camera_id for camera in city().cameras]
    done = step.each(cameras, str, lambda c, o: _score(city().camera(c), o, run))
    return sum(outcome.rows_out for outcome in done)


def _score(camera: Camera, outcome: Outcome, run: Run) -> None:
    for source in city().sources_of("event_label"):
        authorise(source, run, "analysis")
    with connect("analysis") as connection:
        day = run.interval_end.astimezone(city().timezone).date()
        rows = list(_rows(connection, camera, day, run.interval_end))
        connection.execute(
            "DELETE FROM raw.event_score WHERE evaluated_on = %s AND camera_id = %s",
            (day, camera.camera_id),
        )
        outcome.rows_out = upsert(connection, "raw.event_score", KEY, rows)
    outcome.status = "ok" if rows else "unchanged"
    outcome.detail = "" if rows else "nothing reviewed, labelled or muted"


def _rows(
    connection: psycopg.Connection, camera: Camera, day: dt.date, at: dt.datetime
) -> Iterable[dict[str, Any]]:
    since = at - dt.timedelta(days=city().thresholds.video_events["score_days"].value)
    facts = {"camera_id": camera.camera_id, "at": at, "since": since}
    reviewed = {row.pop("kind"): row for row in connection.execute(REVIEWED, facts)}
    labelled = _against_labels(connection, camera)
    hours = connection.execute(WATCHED_H, facts).fetchone()["hours"]
    muted = muted_kinds(connection, camera.camera_id, at)
    for kind in sorted({*reviewed, *labelled, *muted}):
        found = NOTHING | reviewed.get(kind, {}) | labelled.get(kind, {})
        yield {
            "evaluated_on": day,
            "camera_id": camera.camera_id,
            "kind": kind,
            "reviewed_since": since.astimezone(city().timezone).date(),
            "reviewed_count": found["reviewed_count"],
            "accepted_count": found["accepted_count"],
            "labelled_count": found["labelled"],
            "found_count": found["found"],
            "watched_h": hours,
            "named_count": found["named"],
            "right_count": found["right"],
            "is_muted": kind in muted,
        }


def _against_labels(connection: psycopg.Connection, camera: Camera) -> dict[str, dict[str, int]]:
    """Counts by kind of what was labelled, found, named and right."""
    from models.video.event_scores import Stretch, score_events

    said = [Stretch(**row) for row in connection.execute(LABELS, {"camera_id": camera.camera_id})]
    if not said:
        return {}
    span = {
        "camera_id": camera.camera_id,
        "first": min(stretch.started_at for stretch in said) - dt.timedelta(minutes=1),
        "last": max(stretch.ended_at for stretch in said) + dt.timedelta(minutes=1),
    }
    events = [Stretch(**row) for row in connection.execute(EVENTS, span)]
    modes = read_modes(connection, city())
    labels = [s for s in said if s.kind != WATCHED and _may_be_named(s, camera, modes)]
    watched = [s for s in said if s.kind == WATCHED]
    return {kind: asdict(found) for kind, found in score_events(labels, events, watched).items()}


def _may_be_named(label: Any, camera: Camera, modes: Modes) -> bool:
    """False where the mode keeps the kind unnamed: that is no miss."""
    times = (label.kind, label.started_at, label.ended_at)
    return any(
        modes.may_name(_Meant(camera.camera_id, region.zone_id, *times))
        for region in camera.regions
    )
