-- What the past makes of every zone and hour of the range, scaled to 0-1: the baseline, bent by
-- what covariates say of this very hour (docs/adr/0032-covariates.md). Each signal holds those
-- before it.
{{ config(tags=['risk']) }}
with city as (select time_zone from {{ ref('stg_city__cities') }}),

-- What an hour has by itself is worked out once, not for each zone: hence materialized.
hours as materialized (
    select
        h as hour_start_at,
        h at time zone city.time_zone as hour_local,
        {{ hour_of_week('(h at time zone city.time_zone)') }} as hour_of_week,
        d.day_start_at is not null as has_posts,
        w.log_factor,
        w.darkness,
        w.is_rain_missing
    from generate_series(
        {{ until_hour() }} - interval '{{ var("days") }} days',
        {{ until_hour() }} - interval '1 hour',
        interval '1 hour'
    ) as h
    cross join city
    left join {{ ref('int_days_with_posts') }} as d on date_trunc('day', h) = d.day_start_at
    left join {{ ref('int_hours_weighed') }} as w on h = w.hour_start_at
),

scale as (
    select
        c.*,
        c.repeat_soon + c.repeat_week + c.repeat_around > 0 as uses_repeats,
        (
            select percentile_cont(0.99) within group (order by b.expected_incidents)
            from {{ ref('stg_risk__baselines') }} as b
        ) as busiest
    from {{ ref('int_coefficients') }} as c
),

-- A day's, not an hour's.
repeats as materialized (
    select r.*
    from {{ ref('int_repeats_weighed') }} as r
    where
        r.local_date >= (select min(h.hour_local)::date from hours as h)
        and (select scale.uses_repeats from scale)
),

factors as (
    select
        z.zone_id,
        z.zone_name,
        z.district,
        h.hour_start_at,
        h.hour_local,
        h.has_posts,
        b.zone_id is not null as has_baseline,
        coalesce(b.expected_incidents / nullif(scale.busiest, 0), 0) as baseline,
        -- least() passes over nulls: without coalesce a missing input would count as the strongest.
        coalesce(exp(
            h.log_factor
            + scale.lit_darkness * h.darkness * coalesce(ln(1 + l.lamps_per_ha), 0)
            + scale.event * ((k.zone_id is not null)::int - coalesce(u.event_share, 0))
        ), 1) as circumstances,
        coalesce(exp(r.log_factor), 1) as near_repeat,
        not coalesce(h.is_rain_missing, scale.rain <> 0)
        and (scale.lit_darkness = 0 or l.zone_id is not null)
        and (not scale.uses_repeats or r.zone_id is not null) as has_circumstances
    from {{ ref('dim_zone') }} as z
    cross join hours as h
    cross join scale
    left join {{ ref('stg_risk__baselines') }} as b
        on z.zone_id = b.zone_id and h.hour_of_week = b.hour_of_week
    left join {{ ref('int_calendar_hourly') }} as k
        on z.zone_id = k.zone_id and h.hour_start_at = k.hour_start_at
    left join {{ ref('int_events_usual') }} as u
        on z.zone_id = u.zone_id and h.hour_of_week = u.hour_of_week
    left join {{ ref('int_lamps_zoned') }} as l on z.zone_id = l.zone_id
    left join repeats as r on z.zone_id = r.zone_id and h.hour_local::date = r.local_date
)

-- What lowers the expected makes the baseline smaller, so that no contribution is below zero.
select
    zone_id,
    zone_name,
    district,
    hour_start_at,
    hour_local,
    has_posts,
    has_baseline,
    has_circumstances,
    least(1, baseline * least(1, circumstances) * least(1, near_repeat)) as baseline_signal,
    least(1, baseline * circumstances * least(1, near_repeat)) as circumstances_signal,
    least(1, baseline * circumstances * near_repeat) as near_repeat_signal
from factors
