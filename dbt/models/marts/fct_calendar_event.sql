select
    e.source,
    e.source_id,
    e.title as event_title,
    e.kind,
    z.zone_id,
    z.zone_name,
    z.district,
    e.starts_at,
    e.ends_at,
    e.starts_at at time zone c.time_zone as starts_local,
    e.ends_at at time zone c.time_zone as ends_local,
    e.expected_people
from {{ ref('stg_city__calendar_events') }} as e
inner join {{ ref('dim_zone') }} as z on e.zone_id = z.zone_id
cross join {{ ref('stg_city__cities') }} as c
