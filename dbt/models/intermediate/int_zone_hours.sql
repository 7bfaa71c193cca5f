-- Every zone at every hour of the range, with each kind of signal scaled to 0-1.
{{ config(tags=['risk']) }}
select
    p.*,
    -- least() passes over nulls: without coalesce a missing input would count as the strongest.
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
    c.people_mean,
    coalesce(e.event_count, 0) as video_event_count,
    v.post_count as alarming_post_count,
    k.event_title
from {{ ref('int_expected_hourly') }} as p
left join {{ ref('int_cameras_hourly') }} as c
    on p.zone_id = c.zone_id and p.hour_start_at = c.hour_start_at
left join {{ ref('int_events_hourly') }} as e
    on p.zone_id = e.zone_id and p.hour_start_at = e.hour_start_at
left join {{ ref('int_voice_hourly') }} as v
    on p.zone_id = v.zone_id and p.hour_start_at = v.hour_start_at
left join {{ ref('int_calendar_hourly') }} as k
    on p.zone_id = k.zone_id and p.hour_start_at = k.hour_start_at
