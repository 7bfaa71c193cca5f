"""Door of footage_segment: a stored stretch of one camera's video, without audio."""

from expectations.station import Station, between, later, matches, present, unique

STATION = Station(
    noun="footage_segment",
    key=("camera_id", "started_at"),
    columns=(
        "camera_id", "started_at", "ended_at", "source_id", "object_key", "sha256", "size_bytes",
        "frame_count", "frame_rate_hz", "width_px", "height_px", "codec", "due_at",
    ),
    rules=(
        *present("camera_id", "started_at", "ended_at", "source_id", "object_key", "due_at"),
        *present("sha256", "size_bytes", "frame_count", "frame_rate_hz"),
        *present("width_px", "height_px", "codec"),
        matches("sha256", r"^[0-9a-f]{64}$", "a sha256"),
        later("ended_at", "started_at"),
        later("due_at", "started_at"),
        between("size_bytes", 1, 2_000_000_000, "bytes"),
        between("frame_count", 1, 10_000, "frames"),
        between("frame_rate_hz", 0.2, 240, "Hz"),
        between("width_px", 16, 8192, "px"),
        between("height_px", 16, 8192, "px"),
        unique("camera_id", "started_at"),
    ),
)  # fmt: skip
