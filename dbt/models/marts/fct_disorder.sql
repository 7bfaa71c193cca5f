-- What was looked for in a zone and month, and how often and how much of it was found.
select
    a.zone_id,
    z.zone_name,
    z.district,
    date_trunc('month', a.audited_at at time zone c.time_zone)::date as local_month,
    a.kind,
    a.item,
    count(*)::int as audit_count,
    (count(*) filter (where a.severity > 0))::int as found_count,
    avg(a.severity)::double precision as severity_mean
from {{ ref('int_audits_zoned') }} as a
cross join {{ ref('stg_city__cities') }} as c
left join {{ ref('dim_zone') }} as z on a.zone_id = z.zone_id
group by 1, 2, 3, 4, 5, 6
