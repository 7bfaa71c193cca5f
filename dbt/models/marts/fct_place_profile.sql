{{ config(tags=['risk']) }}
-- A zone at a glance: what is recorded there and whether that changed, who comes, what is found
-- and what people say. Perceived and recorded stand beside each other and are never mixed.
with present as (
    select
        ({{ until_hour() }} at time zone c.time_zone)::date as until_on,
        {{ until_hour() }} as until_at
    from {{ ref('stg_city__cities') }} as c
),

seen as (
    select
        h.zone_id,
        avg(h.people_mean) as people_mean
    from {{ ref('fct_zone_hour') }} as h
    cross join present as p
    where
        h.hour_start_at >= p.until_at - interval '28 days'
        and h.people_mean is not null
    group by h.zone_id
),

-- Who came in, over the time that cameras saw: published counts alone.
came as (
    select
        f.zone_id,
        sum(f.crossing_count) / nullif(sum(f.observed_pct) / 100, 0) as visitors_per_hour,
        sum(f.observed_pct) / 100 as observed_hours
    from {{ ref('fct_flow_hour') }} as f
    cross join present as p
    where
        f.gate_kind = 'zone' and f.way = 'in' and f.crossing_count is not null
        and f.hour_start_at >= p.until_at - interval '28 days'
    group by f.zone_id
),

found as (
    select
        d.zone_id,
        100.0 * sum(d.found_count) / sum(d.audit_count) as disorder_found_pct
    from {{ ref('fct_disorder') }} as d
    cross join present as p
    where d.local_month >= p.until_on - 365
    group by d.zone_id
),

said as (
    select distinct on (s.zone_id)
        s.zone_id,
        s.wave_ended_on,
        s.share_pct
    from {{ ref('fct_perception') }} as s
    where s.question = 'safe_after_dark' and not s.is_suppressed
    order by s.zone_id, s.wave_ended_on desc
)

select
    c.zone_id,
    c.zone_name,
    c.district,
    c.incidents_28d,
    c.incidents_before,
    c.change_before,
    c.incidents_last_year,
    c.change_last_year,
    seen.people_mean::real as people_mean,
    came.visitors_per_hour::real as visitors_per_hour,
    coalesce(came.observed_hours, 0)::real as observed_hours,
    -- A day's worth of looking at least, or chance speaks.
    case
        when came.observed_hours >= 24
            then 1000 * c.incidents_28d / nullif(came.visitors_per_hour * 24 * 28, 0)
    end::real as incidents_per_1000_visitors,
    found.disorder_found_pct::real as disorder_found_pct,
    said.share_pct::real as safe_after_dark_pct,
    said.wave_ended_on as asked_on
from {{ ref('int_incidents_compared') }} as c
left join seen on c.zone_id = seen.zone_id
left join came on c.zone_id = came.zone_id
left join found on c.zone_id = found.zone_id
left join said on c.zone_id = said.zone_id
