{{ config(tags=['risk']) }}
-- How often an event was planned at a place in an hour of the week while the baseline was learnt: a
-- weekly market is in the baseline already.
with trained as (
    select
        min(b.trained_from) as since,
        max(b.trained_until) as until
    from {{ ref('stg_risk__baselines') }} as b
)

select
    k.zone_id,
    {{ hour_of_week('(k.hour_start_at at time zone c.time_zone)') }} as hour_of_week,
    count(*) / greatest(1, (max(t.until) - max(t.since)) / 7.0) as event_share
from {{ ref('int_calendar_hourly') }} as k
cross join {{ ref('stg_city__cities') }} as c
cross join trained as t
where k.zone_id is not null and k.hour_start_at >= t.since and k.hour_start_at < t.until
group by 1, 2
