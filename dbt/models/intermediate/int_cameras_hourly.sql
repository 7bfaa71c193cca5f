-- From what is published of the windows and nothing else: an hour can't tell what a window hides,
-- and stays when the observations are deleted.
select
    h.zone_id,
    h.hour_start_at,
    case when not {{ is_small('h.people_mean', 'small_cell_people') }} then h.people_mean end
        as people_mean,
    h.density_per_m2,
    h.has_camera
from (
    select
        zone_id,
        date_trunc('hour', window_start_at) as hour_start_at,
        avg(people_mean)::real as people_mean,
        max(density_per_m2)::real as density_per_m2,
        bool_or(not is_blind) as has_camera
    from {{ ref('fct_camera_window') }}
    group by 1, 2
) as h
