-- The newest judgement of each camera's kinds of event.
select
    evaluated_on,
    camera_id,
    kind,
    reviewed_since,
    reviewed_count,
    accepted_count,
    labelled_count,
    found_count,
    watched_h,
    named_count,
    right_count,
    is_muted
from {{ source('raw', 'event_score') }}
where evaluated_on = (select max(s.evaluated_on) from {{ source('raw', 'event_score') }} as s)
