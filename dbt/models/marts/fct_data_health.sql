{{ config(materialized='view') }}
-- Live, so it reads sources only; see fct_alert.
select
    o.step,
    (o.ended_at at time zone c.time_zone)::date as day,
    count(*) filter (where o.status = 'ok')::int as ok_count,
    count(*) filter (where o.status = 'unchanged')::int as unchanged_count,
    count(*) filter (where o.status = 'quarantined')::int as quarantined_count,
    count(*) filter (where o.status = 'failed')::int as failed_count,
    max(o.ended_at) filter (where o.status = 'ok') as last_ok_at,
    case
        when o.step in ('take_in_recording') then 'footage_segment'
        when o.step in ('analyse_segment') then 'camera_observation'
        when o.step in ('name_events') then 'video_event'
        when o.step in ('take_in_posts') then 'post'
        when o.step in ('understand_posts') then 'post_signal'
        when o.step in ('take_in_places') then 'place'
        when o.step in ('take_in_timetables') then 'stop_service'
        when o.step in ('take_in_incidents') then 'incident'
        when o.step in ('take_in_audits') then 'disorder_audit'
        when o.step in ('take_in_surveys') then 'survey_answer'
        when o.step in ('take_in_weather') then 'weather_hour'
        when o.step in ('take_in_calendar') then 'calendar_event'
        when o.step in ('take_in_warnings') then 'calendar_event'
        else o.step
    end as noun
from {{ source('ops', 'outcome') }} as o
cross join {{ source('raw', 'city') }} as c
group by o.step, (o.ended_at at time zone c.time_zone)::date
