select
    e.zone_id,
    h.hour_start_at,
    max(e.expected_people) as expected_people,
    string_agg(distinct e.title, '; ' order by e.title) as event_title
from {{ ref('stg_city__calendar_events') }} as e
cross join lateral generate_series(
    date_trunc('hour', e.starts_at), e.ends_at - interval '1 second', interval '1 hour'
) as h (hour_start_at)
group by 1, 2
