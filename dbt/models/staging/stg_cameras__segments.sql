select
    camera_id,
    started_at,
    ended_at,
    object_key,
    frame_count,
    frame_rate_hz,
    due_at,
    loaded_at
from {{ source('raw', 'footage_segment') }}
