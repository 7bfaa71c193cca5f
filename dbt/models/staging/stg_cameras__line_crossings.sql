select
    camera_id,
    line_id,
    window_start as window_start_at,
    window_end as window_end_at,
    people_right_count,
    people_left_count,
    vehicles_right_count,
    vehicles_left_count,
    loaded_at
from {{ source('raw', 'line_crossing') }}
