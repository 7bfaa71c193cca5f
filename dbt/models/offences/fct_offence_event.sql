select
    e.event_id,
    e.camera_id,
    c.camera_name,
    e.zone_id,
    z.zone_name,
    z.district,
    e.kind,
    e.started_at,
    e.ended_at,
    e.confidence,
    e.model_version,
    c.longitude,
    c.latitude
from {{ ref('int_events_shown') }} as e
inner join {{ ref('dim_zone') }} as z on e.zone_id = z.zone_id
inner join {{ ref('dim_camera') }} as c on e.camera_id = c.camera_id
where e.is_offence_like
