-- What could be an offence is known here by zone and hour only: no camera, no exact time, and a key
-- of its own, since event_id could be found again by trying every camera and second. The rest is in
-- offences.fct_offence_event.
with coarse as (
    select
        e.*,
        date_trunc('hour', e.started_at) as hour_start_at,
        row_number() over (
            partition by e.zone_id, e.kind, date_trunc('hour', e.started_at) order by e.event_id
        ) as position_in_hour
    from {{ ref('int_events_shown') }} as e
)

select
    case
        when e.is_offence_like
            then md5(concat_ws('/', e.zone_id, e.kind, e.hour_start_at, e.position_in_hour))
        else e.event_id
    end as event_id,
    case when not e.is_offence_like then e.camera_id end as camera_id,
    case when not e.is_offence_like then c.camera_name end as camera_name,
    e.zone_id,
    z.zone_name,
    z.district,
    e.kind,
    case when e.is_offence_like then e.hour_start_at else e.started_at end as started_at,
    case when e.is_offence_like then e.hour_start_at + interval '1 hour' else e.ended_at end
        as ended_at,
    e.confidence,
    e.model_version,
    case when e.is_offence_like then st_x(st_centroid(z.geom)) else c.longitude end as longitude,
    case when e.is_offence_like then st_y(st_centroid(z.geom)) else c.latitude end as latitude
from coarse as e
inner join {{ ref('dim_zone') }} as z on e.zone_id = z.zone_id
inner join {{ ref('dim_camera') }} as c on e.camera_id = c.camera_id
