"""Evidence pictures of named events: flat silhouettes on the camera's empty plate, nothing else.

The only picture that leaves the restricted zone. An event gets at most one, in bucket `derived`
under `picture_key`; none where people demonstrate or worship, none without a plate that the
detector finds empty. Pictures of a camera are never closer than the register's step, and there is
none at all, but quarantine, while the code that draws is not the code that withstood the attacks.
"""

import datetime as dt
from functools import lru_cache
from typing import Any

import psycopg

from models.video.kinds import CAMERA_BLIND, VEHICLE_IN_PEDESTRIAN_ZONE
from precrisis import store
from precrisis.city import city
from precrisis.footage.camera_setup import detector
from precrisis.footage.stills import SEGMENT_COLUMNS, Segment, still, stills
from precrisis.gate import authorise
from precrisis.modes import read_modes
from precrisis.outcome import Outcome, Refused, Step
from precrisis.run import Run
from precrisis.warehouse import connect

NOUN = "silhouette"
HALF_HOUR = dt.timedelta(minutes=30)  # a plate is learnt from the one before to the one after
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SEGMENT = dt.timedelta(seconds=15)  # the longest
EVENTS = """
SELECT event_id, camera_id, zone_id, kind, started_at, ended_at FROM raw.video_event
WHERE camera_id = %s AND ended_at >= %s AND started_at <= %s AND kind <> %s
ORDER BY started_at, event_id
"""
# Events of which nobody yet said whether they get a picture, as far as their footage still is.
LEFT = """
SELECT e.event_id, e.camera_id, e.zone_id, e.kind, e.started_at, e.ended_at
FROM raw.video_event AS e
WHERE e.kind <> %(blind)s AND EXISTS (
    SELECT FROM raw.footage_segment AS s WHERE s.camera_id = e.camera_id AND s.due_at > %(at)s
    AND s.started_at <= e.ended_at AND s.ended_at >= e.started_at
) AND NOT EXISTS (
    SELECT FROM ops.outcome AS o WHERE o.step = 'draw_evidence' AND o.item_key = e.event_id
    AND o.status IN ('ok', 'quarantined') AND o.ended_at >= e.loaded_at
)
ORDER BY e.camera_id, e.started_at, e.event_id
"""
STORED = """
SELECT object_key FROM ops.object_ledger
WHERE bucket = 'derived' AND object_key = ANY(%s) AND deleted_at IS NULL
"""
PEAK = """
SELECT window_start + (window_end - window_start) / 2 AS at FROM raw.camera_observation
WHERE camera_id = %(camera_id)s AND zone_id = %(zone_id)s AND NOT is_blind
AND window_start >= %(started_at)s AND window_end <= %(ended_at)s
ORDER BY CASE WHEN %(is_vehicle)s THEN vehicles_mean ELSE people_mean END DESC, window_start LIMIT 1
"""
SEGMENTS = f"""
SELECT {SEGMENT_COLUMNS} FROM raw.footage_segment
WHERE camera_id = %s AND started_at >= %s AND started_at < %s AND due_at > %s ORDER BY started_at
"""


class NoPicture(Exception):
    """An event gets no picture; says why."""


def picture_key(event: dict[str, Any]) -> str:
    """Where the picture of a row of raw.video_event lies in bucket `derived`, if it has one."""
    return f"{NOUN}/{event['started_at'].astimezone(dt.UTC):%Y-%m-%d}/{event['event_id']}.png"


def draw_evidence(batch: list[dict[str, Any]], run: Run) -> None:
    """Draw the events that touch a batch of one camera's segments and have no picture yet.

    One outcome row (step draw_evidence) per event says what was stored, or why there is none.
    """
    first, last = (dt.datetime.fromisoformat(batch[i]["started_at"]) for i in (0, -1))
    stretch = batch[0]["camera_id"], first, last + SEGMENT, CAMERA_BLIND
    with connect("analysis") as connection:
        events = connection.execute(EVENTS, stretch).fetchall()
    _draw_missing(events, run)


def draw_left(run: Run) -> int:
    """Draw what footage-watch named and left; return the number of pictures stored.

    A picture can wait for minutes, and drawing it costs more than watching does.
    """
    facts = {"at": run.interval_end, "blind": CAMERA_BLIND}
    with connect("analysis") as connection:
        events = connection.execute(LEFT, facts).fetchall()
    return _draw_missing(events, run)


def _draw_missing(events: list[dict[str, Any]], run: Run) -> int:
    missing = {picture_key(event): event for event in events}
    with connect("analysis") as connection:
        for row in connection.execute(STORED, (list(missing),)):
            del missing[row["object_key"]]
    step = Step("draw_evidence", NOUN, run, role="analysis")
    done = step.each(missing.values(), lambda e: e["event_id"], lambda e, o: _draw(e, o, run))
    return sum(outcome.rows_out for outcome in done)


def _draw(event: dict[str, Any], outcome: Outcome, run: Run) -> None:
    from models.video import masking_record
    from models.video.footage import UnreadableVideo

    if doubt := masking_record.doubt():
        raise Refused("masking_proven", doubt, picture_key(event))
    try:
        if city().camera(event["camera_id"]).tiles != (1, 1):
            # What masks looks at the picture as a whole, and was attacked so.
            raise NoPicture("in a view looked at in tiles, who is far is too small to be masked")
        at, shown, around = _moment(event, run)
        picture = _picture(shown, at, around, run)
    except (NoPicture, UnreadableVideo, FileNotFoundError) as reason:
        outcome.detail = f"no picture: {reason}"
        return
    kept = authorise(city().source(shown.source_id), run, "analysis").retention_hours
    with connect("analysis") as connection:
        store.put(
            connection, "analysis", "derived", picture_key(event), picture,
            noun=NOUN, retention=dt.timedelta(hours=kept), content_type="image/png",
        )  # fmt: skip
    outcome.rows_out = 1
    outcome.detail = f"the scene at {at:%Y-%m-%dT%H:%M:%SZ}"


def _moment(event: dict[str, Any], run: Run) -> tuple[dt.datetime, Segment, tuple[Segment, ...]]:
    """The step closest to the event's peak, the segment that shows it, and those around it."""
    from models.video.silhouette import step_at

    facts = event | {"is_vehicle": event["kind"] == VEHICLE_IN_PEDESTRIAN_ZONE}
    with connect("analysis") as connection:
        peak = connection.execute(PEAK, facts).fetchone()
        if peak is None:
            raise NoPicture("no window of the event shows anything")
        around = _segments(connection, event["camera_id"], peak["at"], run)
    steps_per_minute = city().processing.masking.silhouette_steps_per_minute
    step = dt.timedelta(minutes=1) / steps_per_minute
    nearest = step_at(peak["at"], steps_per_minute)
    for at in (nearest, nearest + step, nearest - step):
        for segment in around:
            if segment.shows(at):
                return at, segment, around
    raise NoPicture("its footage is gone, or of a time when a zone of the camera is protected")


def _segments(
    connection: psycopg.Connection, camera_id: str, at: dt.datetime, run: Run
) -> tuple[Segment, ...]:
    """Segments of the half hours around, but for those when a zone of the camera is protected."""
    first = at - (at - EPOCH) % HALF_HOUR - HALF_HOUR
    modes = read_modes(connection, city())
    zones = [region.zone_id for region in city().camera(camera_id).regions]
    stretch = camera_id, first, first + 3 * HALF_HOUR, run.interval_end
    found = [Segment(**row) for row in connection.execute(SEGMENTS, stretch)]
    return tuple(
        s for s in found if not any(modes.is_protected(z, s.started_at, s.ended_at) for z in zones)
    )


def _picture(shown: Segment, at: dt.datetime, around: tuple[Segment, ...], run: Run) -> bytes:
    from models.video.silhouette import draw, encode

    margin_px = city().processing.masking.silhouette_margin_px
    plate, frame = _plate(around, run, margin_px), still(shown, at, run)
    if isinstance(plate, Exception):
        raise NoPicture(str(plate))
    if frame.shape != plate.picture.shape:
        raise NoPicture("the camera's picture has changed its size")
    return encode(draw(plate, detector().detect(frame), margin_px))


@lru_cache(maxsize=1)
def _plate(around: tuple[Segment, ...], run: Run, margin_px: int):
    """The plate of some segments, or the NoPlate: the events of a batch mostly share it."""
    from models.video.background import NoPlate, learn_plate

    try:
        return learn_plate(stills(around, run), detector(), margin_px)
    except NoPlate as reason:
        return reason
