select
    p.purpose_id,
    case c.language when 'it' then p.title_it else p.title_en end as title,
    p.legal_basis,
    p.act,
    p.valid_until,
    p.assessment_version,
    p.approved_on,
    p.retention_hours,
    p.mode,
    (
        select count(*) from {{ source('raw', 'objection') }} as o
        where o.item_id = p.purpose_id
    )::int as open_objections
from {{ source('raw', 'purpose') }} as p
cross join {{ source('raw', 'city') }} as c
