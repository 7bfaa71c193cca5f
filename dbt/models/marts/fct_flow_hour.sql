{{ config(
    materialized='incremental',
    unique_key=['camera_id', 'hour_start_at'],
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['camera_id', 'hour_start_at']}]
) }}
-- depends_on: {{ ref('int_hours_observed') }}
-- An hour of which something arrived lately is counted again as a whole, once it is over: an hour
-- shown while it lasts could be subtracted from the whole.
with touched as (
    select distinct
        camera_id,
        date_trunc('hour', window_start_at) as hour_start_at
    from {{ ref('int_gate_windows') }}
    where
        date_trunc('hour', window_start_at) < {{ until_hour() }}
    {% if is_incremental() %}
        and loaded_at >= {{ until_hour() }} - interval '{{ var("rebuild_hours") }} hours'
    {% endif %}
),

hours as (
    select
        w.camera_id,
        t.hour_start_at,
        w.gate_kind,
        w.gate_id,
        w.way,
        sum(w.crossing_count)::int as crossing_count,
        sum(w.observed_s) as observed_s,
        case when bool_and(w.people_s is not null) then sum(w.people_s) end as people_s
    from {{ ref('int_gate_windows') }} as w
    inner join touched as t
        on w.camera_id = t.camera_id and date_trunc('hour', w.window_start_at) = t.hour_start_at
    where w.window_start_at >= (select min(h.hour_start_at) from touched as h)
    group by 1, 2, 3, 4, 5
),

-- Gates of one camera may lie beside or within each other, so that one small count hides all of its
-- flows in that hour: else it could be found as the difference of two others. The mean stay follows
-- from Little's law: mean people over the people that come, or go, in a second.
marked as (
    select
        h.*,
        bool_or({{ is_small('h.crossing_count', 'small_cell_people') }})
            over (partition by h.camera_id, h.hour_start_at) as is_suppressed,
        h.people_s / nullif(
            sum(h.crossing_count)
                over (partition by h.camera_id, h.hour_start_at, h.gate_kind, h.gate_id) / 2.0, 0
        ) as dwell_s
    from hours as h
),

-- The lines of each camera as the city pack names them.
lines as (
    select
        p.attributes ->> 'camera_id' as camera_id,
        l.line ->> 'line_id' as line_id,
        l.line ->> 'name' as line_name,
        l.line ->> 'to_right' as to_right,
        l.line ->> 'to_left' as to_left
    from {{ ref('stg_city__places') }} as p
    cross join lateral jsonb_array_elements(coalesce(p.attributes -> 'lines', '[]')) as l (line)
    where p.kind = 'camera'
)

select
    f.camera_id,
    c.camera_name,
    coalesce(z.zone_id, c.zone_id) as zone_id,
    coalesce(z.zone_name, c.zone_name) as zone_name,
    coalesce(z.district, c.district) as district,
    f.hour_start_at,
    f.gate_kind,
    f.gate_id,
    coalesce(z.zone_name, l.line_name, f.gate_id) as gate_name,
    f.way,
    case f.way when 'right' then l.to_right when 'left' then l.to_left end as towards,
    case when not f.is_suppressed then f.crossing_count end as crossing_count,
    f.is_suppressed,
    case when not f.is_suppressed and z.is_pedestrian then f.dwell_s end::real as dwell_s,
    (f.observed_s / 36)::real as observed_pct
from marked as f
inner join {{ ref('dim_camera') }} as c on f.camera_id = c.camera_id
left join {{ ref('dim_zone') }} as z on f.gate_kind = 'zone' and f.gate_id = z.zone_id
left join lines as l
    on f.gate_kind = 'line' and f.camera_id = l.camera_id and f.gate_id = l.line_id
