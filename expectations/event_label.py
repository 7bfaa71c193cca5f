"""Door of event_label: what a person who watched footage says happened; a place, a time, a kind."""

from expectations.station import Station, later, one_of, present, unique
from expectations.video_event import KINDS

# A stretch watched from end to end: what a camera named in it, and nobody labelled, was wrong.
WATCHED = "watched"


def station(camera_ids: list[str]) -> Station:
    """The suite for a city with these cameras."""
    return Station(
        noun="event_label",
        key=("source", "camera_id", "kind", "started_at"),
        columns=("source", "camera_id", "kind", "started_at", "ended_at"),
        rules=(
            *present("source", "camera_id", "kind", "started_at", "ended_at"),
            one_of("camera_id", camera_ids),
            one_of("kind", [*KINDS, WATCHED]),
            later("ended_at", "started_at", or_equal=True),
            unique("source", "camera_id", "kind", "started_at"),
        ),
    )
