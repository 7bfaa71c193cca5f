{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_changed_days() }}",
    indexes=[
        {'columns': ['zone_id', 'local_date', 'category', 'iccs_code'], 'unique': true},
        {'columns': ['local_date']}
    ]
) }}
-- Counts by zone and local day. Single incidents, with point and time: offences.fct_incident_point.
-- Days that are here and did not change are left as they are. Counted by what tells rows apart, and
-- named afterwards: sorting millions by name takes minutes.
with zoned as (
    select *
    from {{ ref('int_incidents_zoned') }}
    {% if is_incremental() %}
    where local_date = any(array(
        select d.local_date::date
        from generate_series(
            (select min(i.local_date) from {{ ref('int_incidents_zoned') }} as i),
            (select max(i.local_date) from {{ ref('int_incidents_zoned') }} as i),
            interval '1 day'
        ) as d (local_date)
        where not exists (
            select 1 from {{ this }} as t
            where t.local_date = d.local_date::date
        )
    ))
    {% endif %}
),

counted as (
    select
        zone_id,
        local_date,
        category,
        iccs_code,
        count(*)::int as incident_count,
        count(*) filter (where found_by = 'patrol')::int as patrol_count
    from zoned
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
