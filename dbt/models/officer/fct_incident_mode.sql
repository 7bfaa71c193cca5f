select
    m.camera_id,
    coalesce(p.name, m.camera_id) as camera_name,
    m.opened_at,
    m.starts_at,
    m.ends_at,
    m.opened_by,
    m.act,
    m.reason,
    now() >= m.starts_at and now() < m.ends_at as is_open
from {{ source('ops', 'incident_mode') }} as m
left join {{ source('raw', 'place') }} as p on p.place_id = 'camera:' || m.camera_id
