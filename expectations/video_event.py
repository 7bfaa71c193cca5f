"""Door of video_event: something named that happened at a place; never a person key."""

from expectations.station import Station, between, later, matches, one_of, present, unique

KINDS = [
    "intrusion", "density_level", "vehicle_in_pedestrian_zone", "camera_blind",
    "camera_moved", "camera_blurred", "running", "wrong_way", "loitering", "stopped_vehicle",
    "anomaly", "object_left", "sudden_gathering", "dispersal",
]  # fmt: skip

STATION = Station(
    noun="video_event",
    key=("event_id",),
    columns=(
        "event_id", "camera_id", "zone_id", "kind", "started_at", "ended_at", "confidence",
        "model_version",
    ),
    rules=(
        *present("event_id", "camera_id", "zone_id", "kind", "started_at", "ended_at"),
        *present("confidence", "model_version"),
        matches("event_id", r"^[0-9a-f]{32}$", "an event id"),
        one_of("kind", KINDS),
        later("ended_at", "started_at"),
        between("confidence", 0, 1),
        unique("event_id"),
    ),
)  # fmt: skip
