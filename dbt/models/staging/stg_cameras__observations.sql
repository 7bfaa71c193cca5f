select
    camera_id,
    zone_id,
    window_start as window_start_at,
    window_end as window_end_at,
    people_mean,
    people_max,
    density_per_m2,
    speed_m_s,
    motion_px_s,
    flow_direction_deg,
    vehicles_mean,
    anomaly_score,
    frame_count,
    is_blind,
    model_version,
    loaded_at
from {{ source('raw', 'camera_observation') }}
