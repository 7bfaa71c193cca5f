-- Crossings in a window at each gate of a camera (zone's border or line), each way; unsuppressed.
-- people_s: mean people times seconds, of what is published of the window; null for a line.
select
    w.camera_id,
    w.window_start_at,
    w.loaded_at,
    'zone' as gate_kind,
    w.zone_id as gate_id,
    g.way,
    g.crossing_count,
    extract(epoch from w.window_end_at - w.window_start_at)::real as observed_s,
    (f.people_mean * extract(epoch from w.window_end_at - w.window_start_at))::real as people_s
from {{ ref('stg_cameras__observations') }} as w
cross join lateral (
    values ('in', w.entered_count), ('out', w.left_count)
) as g (way, crossing_count)
left join {{ ref('fct_camera_window') }} as f
    on
        w.camera_id = f.camera_id
        and w.zone_id = f.zone_id
        and w.window_start_at = f.window_start_at
where not w.is_blind
union all
select
    w.camera_id,
    w.window_start_at,
    w.loaded_at,
    'line' as gate_kind,
    w.line_id as gate_id,
    g.way,
    g.crossing_count,
    extract(epoch from w.window_end_at - w.window_start_at)::real as observed_s,
    null as people_s
from {{ ref('stg_cameras__line_crossings') }} as w
cross join lateral (
    values ('right', w.people_right_count), ('left', w.people_left_count)
) as g (way, crossing_count)
