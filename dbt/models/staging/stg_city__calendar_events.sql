select
    source,
    source_id,
    title,
    kind,
    place_id as zone_id,
    starts_at,
    ends_at,
    expected_people
from {{ source('raw', 'calendar_event') }}
