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
        status,
        ended_at
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
        -- From where a segment was stored to where its observations were.
        (
            percentile_cont(0.95) within group (
                order by extract(epoch from o.ended_at - s.loaded_at)
            ) filter (where o.status = 'ok')
        )::real as analysis_delay_s,
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
        count(w.anomaly_score)::int as scored_windows,
        count(*) filter (where w.anomaly_score >= 1)::int as unusual_windows,
        max(w.model_version) as model_version
    from {{ ref('fct_camera_window') }} as w
    cross join city
    group by 1, 2
),

-- The regions of one camera are blind together.
blind as (
    select
        b.camera_id,
        b.day,
        (sum(extract(epoch from b.window_end_at - b.window_start_at)) / 3600)::real as blind_hours
    from (
        select distinct
            w.camera_id,
            (w.window_start_at at time zone city.time_zone)::date as day,
            w.window_start_at,
            w.window_end_at
        from {{ ref('fct_camera_window') }} as w
        cross join city
        where w.is_blind
    ) as b
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
    coalesce(b.blind_hours, 0)::real as blind_hours,
    (100.0 * d.segments_analysed / d.segments_stored)::real as coverage_pct,
    d.quarantined,
    d.last_segment_at,
    d.analysis_delay_s,
    l.calibrated_on,
    d.day - l.calibrated_on as calibration_age_days,
    coalesce(v.scored_windows, 0) as scored_windows,
    coalesce(v.unusual_windows, 0) as unusual_windows,
    v.model_version,
    d.final_at
from stored as d
inner join {{ ref('dim_camera') }} as c on d.camera_id = c.camera_id
left join seen as v on d.camera_id = v.camera_id and d.day = v.day
left join blind as b on d.camera_id = b.camera_id and d.day = b.day
left join lateral (
    select max((k.calibrated_at at time zone city.time_zone)::date) as calibrated_on
    from {{ ref('stg_cameras__calibrations') }} as k
    cross join city
    where
        k.camera_id = d.camera_id
        and (k.calibrated_at at time zone city.time_zone)::date <= d.day
) as l on true
{% if is_incremental() %}
where not exists (
    select 1 from {{ this }} as f
    where f.camera_id = d.camera_id and f.day = d.day
)
{% endif %}
