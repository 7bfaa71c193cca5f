-- How often what cameras name is right. Of what could be an offence a camera's row holds what was
-- wrong and whether it is muted, never what was true: that is counted over the whole city.
with judged as (
    select
        s.*,
        {{ is_offence_like('s.kind') }} as is_offence_like
    from {{ ref('stg_cameras__event_scores') }} as s
),

-- camera_id is null for the city.
counted as (
    select
        evaluated_on,
        camera_id,
        kind,
        reviewed_since,
        is_muted,
        reviewed_count - accepted_count as dismissed_count,
        named_count - right_count as wrong_count,
        case when is_offence_like then null else reviewed_count end as reviewed_count,
        case when is_offence_like then null else labelled_count end as labelled_count,
        case when is_offence_like then null else found_count end as found_count,
        case when is_offence_like then null else named_count end as named_count,
        watched_h
    from judged
    union all
    select
        evaluated_on,
        null as camera_id,
        kind,
        reviewed_since,
        bool_or(is_muted) as is_muted,
        sum(reviewed_count - accepted_count)::int as dismissed_count,
        sum(named_count - right_count)::int as wrong_count,
        sum(reviewed_count)::int as reviewed_count,
        sum(labelled_count)::int as labelled_count,
        sum(found_count)::int as found_count,
        sum(named_count)::int as named_count,
        sum(watched_h)::real as watched_h
    from judged
    where is_offence_like
    group by 1, 3, 4
)

select
    s.evaluated_on,
    s.camera_id,
    c.camera_name,
    c.zone_id,
    c.district,
    s.kind,
    s.reviewed_since,
    s.reviewed_count,
    s.dismissed_count,
    (1 - s.dismissed_count::float8 / nullif(s.reviewed_count, 0))::real as confirmed_share,
    s.labelled_count,
    s.found_count,
    (s.found_count::float8 / nullif(s.labelled_count, 0))::real as recall,
    s.named_count,
    s.wrong_count,
    (1 - s.wrong_count::float8 / nullif(s.named_count, 0))::real as precision_watched,
    s.watched_h,
    (24 * s.wrong_count / nullif(s.watched_h, 0))::real as false_alarms_per_day,
    s.is_muted
from counted as s
left join {{ ref('dim_camera') }} as c on s.camera_id = c.camera_id
where s.camera_id is null or c.camera_id is not null
