select
    o.item_id,
    o.reference,
    o.raised_by,
    o.raised_on,
    coalesce(case c.language when 'it' then p.title_it else p.title_en end, o.item_id) as title,
    (now() at time zone c.time_zone)::date - o.raised_on as days_open
from {{ source('raw', 'objection') }} as o
cross join {{ source('raw', 'city') }} as c
left join {{ source('raw', 'purpose') }} as p on o.item_id = p.purpose_id
