{{ config(indexes=[{'columns': ['zone_id', 'local_date']}]) }}
-- Counts by zone and local day. Single incidents, with point and time: offences.fct_incident_point.
-- Counted by what tells rows apart, and named afterwards: sorting millions by name takes minutes.
with counted as (
    select
        i.zone_id,
        (i.occurred_mid_at at time zone c.time_zone)::date as local_date,
        i.category,
        i.iccs_code,
        count(*)::int as incident_count,
        count(*) filter (where i.found_by = 'patrol')::int as patrol_count
    from {{ ref('int_incidents_zoned') }} as i
    cross join {{ ref('stg_city__cities') }} as c
    group by 1, 2, 3, 4
)

select
    n.zone_id,
    z.zone_name,
    z.district,
    n.local_date,
    n.category,
    n.iccs_code,
    n.incident_count,
    n.patrol_count
from counted as n
left join {{ ref('dim_zone') }} as z on n.zone_id = z.zone_id
