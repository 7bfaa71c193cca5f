select
    (r.deleted_at at time zone c.time_zone)::date as day,
    coalesce(l.noun, 'unknown') as noun,
    r.reason,
    count(*)::int as deletion_count
from {{ source('ops', 'deletion_receipt') }} as r
cross join {{ source('raw', 'city') }} as c
left join {{ source('ops', 'object_ledger') }} as l
    on r.bucket = l.bucket and r.object_key = l.object_key
group by (r.deleted_at at time zone c.time_zone)::date, coalesce(l.noun, 'unknown'), r.reason
