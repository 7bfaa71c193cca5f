select
    v.subject,
    v.subject_id,
    v.threat,
    v.title,
    v.zone_id,
    v.starts_on,
    v.ends_on,
    v.owner,
    v.assessed_on,
    v.review_on,
    v.scenario ->> c.language as scenario,
    v.existing ->> c.language as existing_measures,
    v.consequence,
    v.likelihood,
    v.score,
    v.override -> 'reason' ->> c.language as override_reason,
    v.override ->> 'by' as overridden_by,
    (v.override ->> 'decided_on')::date as overridden_on,
    v.measures
from {{ source('raw', 'vulnerability') }} as v
cross join {{ ref('stg_city__cities') }} as c
