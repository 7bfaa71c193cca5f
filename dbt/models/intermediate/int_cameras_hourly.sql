select
    zone_id,
    date_trunc('hour', window_start_at) as hour_start_at,
    max(people_max) filter (where not is_suppressed) as people_max,
    avg(people_mean) filter (where not is_suppressed)::real as people_mean,
    max(density_per_m2) filter (where not is_suppressed)::real as density_per_m2,
    bool_or(not is_blind) as has_camera
from {{ ref('int_camera_windows') }}
group by 1, 2
