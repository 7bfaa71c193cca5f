-- Counts of fewer people than the city's small cell are hidden here, before anything is joined. The
-- regions of one camera may overlap, so one small count hides all of its regions in that window:
-- else it could be found as the difference of two others.
select
    o.*,
    {{ is_small('o.people_max', 'small_cell_people') }}
    or {{ is_small('o.people_mean', 'small_cell_people') }}
    or coalesce(b.is_any_small, false) as is_suppressed,
    b.is_any_small is not null as has_regions_beside
from {{ ref('stg_cameras__observations') }} as o
left join lateral (
    select
        bool_or(
            {{ is_small('r.people_max', 'small_cell_people') }}
            or {{ is_small('r.people_mean', 'small_cell_people') }}
        ) as is_any_small
    from {{ ref('stg_cameras__observations') }} as r
    where
        r.camera_id = o.camera_id
        and r.window_start_at = o.window_start_at
        and r.zone_id <> o.zone_id
) as b on true
