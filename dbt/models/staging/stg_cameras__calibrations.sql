select
    camera_id,
    calibrated_at,
    model_version,
    learnt_from,
    false_alarms_per_day,
    expires_at
from {{ source('raw', 'camera_calibration') }}
