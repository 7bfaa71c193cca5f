{{ config(
    tags=['risk'],
    indexes=[{'columns': ['district']}, {'columns': ['zone_name']}]
) }}
-- One row a zone: its last hour, last week and the week before.
with latest as (
    select *
    from {{ ref('fct_zone_hour') }}
    where hour_start_at = (select max(h.hour_start_at) from {{ ref('fct_zone_hour') }} as h)
),

weeks as (
    select
        f.zone_id,
        avg(f.risk_index) filter (where f.hour_start_at > l.hour_start_at - interval '7 days')
            as risk_7d_mean,
        max(f.risk_index) filter (where f.hour_start_at > l.hour_start_at - interval '7 days')
            as risk_7d_max,
        avg(f.risk_index) filter (where f.hour_start_at <= l.hour_start_at - interval '7 days')
            as risk_previous_mean
    from {{ ref('fct_zone_hour') }} as f
    inner join latest as l on f.zone_id = l.zone_id
    where
        f.hour_start_at > (
            select max(h.hour_start_at) - interval '14 days' from {{ ref('fct_zone_hour') }} as h
        )
    group by f.zone_id
)

select
    l.*,
    z.outline_json,
    st_x(st_centroid(z.geom)) as longitude,
    st_y(st_centroid(z.geom)) as latitude,
    w.risk_7d_mean,
    w.risk_7d_max,
    w.risk_7d_mean - w.risk_previous_mean as change_vs_previous_week
from latest as l
inner join weeks as w on l.zone_id = w.zone_id
inner join {{ ref('dim_zone') }} as z on l.zone_id = z.zone_id
