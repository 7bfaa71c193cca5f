{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    pre_hook="{{ forget_what_may_change() }}"
) }}
with city as (select time_zone from {{ ref('stg_city__cities') }}),

analysed as (
    select distinct on (item_key)
        item_key,
        status
    from {{ ref('stg_ops__outcomes') }}
    where step = 'analyse_segment'
    order by item_key, ended_at desc
),

stored as (
    select
        s.camera_id,
        (s.started_at at time zone city.time_zone)::date as day,
        count(*)::int as segments_stored,
        count(o.item_key) filter (where o.status = 'ok')::int as segments_analysed,
        count(o.item_key) filter (where o.status = 'quarantined')::int as quarantined,
        max(s.started_at) as last_segment_at,
        date_trunc('hour', min(s.due_at)) as final_at
    from {{ ref('stg_cameras__segments') }} as s
    cross join city
    left join analysed as o on s.object_key = o.item_key
    group by 1, 2
),

seen as (
    select
        w.camera_id,
        (w.window_start_at at time zone city.time_zone)::date as day,
        count(*)::int as windows,
        count(*) filter (where w.is_blind)::int as blind_windows,
        max(w.model_version) as model_version
    from {{ ref('fct_camera_window') }} as w
    cross join city
    group by 1, 2
)

select
    c.camera_id,
    c.camera_name,
    c.zone_id,
    c.district,
    d.day,
    d.segments_stored,
    d.segments_analysed,
    coalesce(v.windows, 0) as windows,
    coalesce(v.blind_windows, 0) as blind_windows,
    (100.0 * d.segments_analysed / d.segments_stored)::real as coverage_pct,
    d.quarantined,
    d.last_segment_at,
    v.model_version,
    d.final_at
from stored as d
inner join {{ ref('dim_camera') }} as c on d.camera_id = c.camera_id
left join seen as v on d.camera_id = v.camera_id and d.day = v.day
{% if is_incremental() %}
where not exists (
    select 1 from {{ this }} as f
    where f.camera_id = d.camera_id and f.day = d.day
)
{% endif %}
