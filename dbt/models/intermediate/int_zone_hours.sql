-- Every zone at every hour of the range, with each kind of signal scaled to 0-1.
{{ config(tags=['risk']) }}
with city as (select time_zone from {{ ref('stg_city__cities') }}),

-- What an hour has by itself is worked out once, not for each zone: hence materialized.
hours as materialized (
    select
        h as hour_start_at,
        h at time zone city.time_zone as hour_local,
        (
            (extract(isodow from h at time zone city.time_zone) - 1) * 24
            + extract(hour from h at time zone city.time_zone)
        )::int as hour_of_week,
        d.day_start_at is not null as has_posts
    from generate_series(
        {{ until_hour() }} - interval '{{ var("days") }} days',
        {{ until_hour() }} - interval '1 hour',
        interval '1 hour'
    ) as h
    cross join city
    left join {{ ref('int_days_with_posts') }} as d on date_trunc('day', h) = d.day_start_at
),

scale as (
    select percentile_cont(0.99) within group (order by expected_incidents) as busiest
    from {{ ref('stg_risk__baselines') }}
)

select
    z.zone_id,
    z.zone_name,
    z.district,
    h.hour_start_at,
    h.hour_local,
    -- least() passes over nulls: without coalesce a missing input would count as the strongest.
    least(1, coalesce(b.expected_incidents / nullif(scale.busiest, 0), 0)) as baseline_signal,
    least(1, coalesce(c.density_per_m2, 0) / {{ threshold('crowding_full_per_m2') }})
        as crowding_signal,
    e.event_signal,
    v.voice_signal,
    case
        when k.zone_id is not null
            then least(
                1,
                coalesce(k.expected_people, {{ threshold('context_unknown_people') }})
                / {{ threshold('context_full_people') }}
            )
    end as context_signal,
    coalesce(c.has_camera, false) as has_camera,
    h.has_posts,
    b.zone_id is not null as has_baseline,
    c.people_mean,
    coalesce(e.event_count, 0) as video_event_count,
    v.post_count as alarming_post_count,
    k.event_title
from {{ ref('dim_zone') }} as z
cross join hours as h
cross join scale
left join {{ ref('stg_risk__baselines') }} as b
    on z.zone_id = b.zone_id and h.hour_of_week = b.hour_of_week
left join {{ ref('int_cameras_hourly') }} as c
    on z.zone_id = c.zone_id and h.hour_start_at = c.hour_start_at
left join {{ ref('int_events_hourly') }} as e
    on z.zone_id = e.zone_id and h.hour_start_at = e.hour_start_at
left join {{ ref('int_voice_hourly') }} as v
    on z.zone_id = v.zone_id and h.hour_start_at = v.hour_start_at
left join {{ ref('int_calendar_hourly') }} as k
    on z.zone_id = k.zone_id and h.hour_start_at = k.hour_start_at
