"""Door of camera_observation: what one camera counted in one zone in one window."""

from expectations.station import Station, between, later, one_of, present, unique

STATION = Station(
    noun="camera_observation",
    key=("camera_id", "zone_id", "window_start"),
    columns=(
        "camera_id", "zone_id", "window_start", "window_end", "people_mean", "people_max",
        "density_per_m2", "speed_m_s", "motion_px_s", "flow_direction_deg", "vehicles_mean",
        "anomaly_score", "frame_count", "is_blind", "model_version",
        "fruin_level", "entered_count", "left_count", "dwell_s",
    ),
    rules=(
        *present("camera_id", "zone_id", "window_start", "window_end", "model_version"),
        *present("people_mean", "people_max", "motion_px_s", "vehicles_mean"),
        *present("frame_count", "is_blind", "entered_count", "left_count"),
        later("window_end", "window_start"),
        between("people_mean", 0, 2_000, "people"),
        between("people_max", 0, 2_000, "people"),
        between("density_per_m2", 0, 10, "people per m2"),
        between("speed_m_s", 0, 70, "m/s"),
        between("motion_px_s", 0, 50_000, "px/s"),
        between("flow_direction_deg", 0, 360, "degrees"),
        between("vehicles_mean", 0, 500, "vehicles"),
        between("anomaly_score", 0, None),
        between("frame_count", 1, 10_000, "frames"),
        one_of("fruin_level", ["A", "B", "C", "D", "E", "F"]),
        between("entered_count", 0, 2_000, "crossings"),
        between("left_count", 0, 2_000, "crossings"),
        between("dwell_s", 0, 600, "s"),
        unique("camera_id", "zone_id", "window_start"),
    ),
)  # fmt: skip
