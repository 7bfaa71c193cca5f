select
    event_id,
    camera_id,
    zone_id,
    kind,
    started_at,
    ended_at,
    confidence,
    model_version
from {{ source('raw', 'video_event') }}
