-- Independent events of an hour: the chance that at least one is real.
select
    zone_id,
    date_trunc('hour', started_at) as hour_start_at,
    count(*)::int as event_count,
    (1 - exp(sum(ln(1 - least(confidence, 0.99)))))::real as event_signal
from {{ ref('int_events_shown') }}
where not {{ is_camera_fault('kind') }}
group by 1, 2
