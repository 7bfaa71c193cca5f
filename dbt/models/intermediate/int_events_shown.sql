-- How sure an event is follows from how many people were counted. Where that count is hidden, or no
-- longer there, a crowd is not named, and any other event is only as sure as it must be to be one.
select
    e.event_id,
    e.camera_id,
    e.zone_id,
    e.kind,
    {{ is_offence_like('e.kind') }} as is_offence_like,
    e.started_at,
    e.ended_at,
    case
        when {{ is_camera_fault('e.kind') }} then e.confidence
        when e.kind = 'vehicle_in_pedestrian_zone' then e.confidence
        when h.has_hidden_count then least(e.confidence, 0.5)
        else e.confidence
    end::real as confidence,
    e.model_version
from {{ ref('stg_cameras__events') }} as e
cross join lateral (
    select coalesce(bool_or(w.is_suppressed), true) as has_hidden_count
    from {{ ref('fct_camera_window') }} as w
    where
        w.camera_id = e.camera_id
        and w.zone_id = e.zone_id
        and w.window_start_at >= e.started_at
        and w.window_start_at < e.ended_at
) as h
where e.kind <> 'density_level' or not h.has_hidden_count
