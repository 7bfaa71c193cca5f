-- The last day counts: an act with 0 days left still holds today.
select
    e.kind,
    e.item_id,
    e.name,
    e.owner,
    e.expires_on,
    e.expires_on - (now() at time zone c.time_zone)::date as days_left
from {{ source('raw', 'expiry') }} as e
cross join {{ source('raw', 'city') }} as c
