{{ config(indexes=[{'columns': ['zone_id', 'local_date']}]) }}
-- Counts by zone and local day. Single incidents, with point and time: offences.fct_incident_point.
select
    i.zone_id,
    i.zone_name,
    i.district,
    (i.occurred_mid_at at time zone c.time_zone)::date as local_date,
    i.category,
    i.iccs_code,
    count(*)::int as incident_count,
    count(*) filter (where i.found_by = 'patrol')::int as patrol_count
from {{ ref('int_incidents_zoned') }} as i
cross join {{ ref('stg_city__cities') }} as c
group by 1, 2, 3, 4, 5, 6
