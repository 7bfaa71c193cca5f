{{ config(
    materialized='incremental',
    unique_key=['camera_id', 'zone_id', 'window_start_at'],
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['camera_id', 'zone_id', 'window_start_at']}]
) }}
-- depends_on: {{ ref('int_hours_observed') }}
select
    w.camera_id,
    c.camera_name,
    w.zone_id,
    z.zone_name,
    z.district,
    w.window_start_at,
    w.window_end_at,
    case when not w.is_suppressed then w.people_mean end as people_mean,
    case when not w.is_suppressed then w.people_max end as people_max,
    case
        when w.is_suppressed and w.has_regions_beside then 'hidden'
        when w.people_max = 0 then '0'
        when {{ is_small('w.people_max', 'small_cell_people') }}
            then '1-' || ({{ threshold('small_cell_people') }} - 1)
        else {{ threshold('small_cell_people') }} || '+'
    end as people_band,
    w.is_suppressed,
    case when not w.is_suppressed then w.density_per_m2 end as density_per_m2,
    case
        when w.is_suppressed or w.density_per_m2 is null then null
        when w.density_per_m2 < 0.31 then 'A'
        when w.density_per_m2 < 0.43 then 'B'
        when w.density_per_m2 < 0.72 then 'C'
        when w.density_per_m2 < 1.08 then 'D'
        when w.density_per_m2 < 2.17 then 'E'
        else 'F'
    end as fruin_level,
    -- The pace of a handful of people is the pace of people.
    case when not w.is_suppressed then w.speed_m_s end as speed_m_s,
    case when not w.is_suppressed then w.motion_px_s end as motion_px_s,
    case when not w.is_suppressed then w.flow_direction_deg end as flow_direction_deg,
    w.vehicles_mean,
    case when not w.is_suppressed then w.anomaly_score end as anomaly_score,
    w.is_blind,
    w.model_version
from {{ ref('int_camera_windows') }} as w
inner join {{ ref('dim_zone') }} as z on w.zone_id = z.zone_id
inner join {{ ref('dim_camera') }} as c on w.camera_id = c.camera_id
{% if is_incremental() %}
where w.loaded_at >= {{ until_hour() }} - interval '{{ var("rebuild_hours") }} hours'
{% endif %}
