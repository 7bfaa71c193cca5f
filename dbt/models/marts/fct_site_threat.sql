-- What experts judged of a sensitive site or an event, threat by threat, with what is to be done.
-- No district: partners see a site's live rows and not where it is weak.
with entries as (
    select
        v.subject,
        v.subject_id,
        v.threat,
        jsonb_array_elements(v.measures) as entry
    from {{ ref('stg_city__vulnerabilities') }} as v
),

still_open as (
    select
        e.subject,
        e.subject_id,
        e.threat,
        e.entry -> 'what' ->> c.language as what,
        e.entry ->> 'owner' as owner,
        (e.entry ->> 'due_on')::date as due_on
    from entries as e
    cross join {{ ref('stg_city__cities') }} as c
    where e.entry ->> 'done_on' is null
),

to_do as (
    select
        subject,
        subject_id,
        threat,
        count(*)::int as open_measures,
        min(due_on) as next_due_on,
        (array_agg(what order by due_on, what))[1] as next_measure,
        (array_agg(owner order by due_on, what))[1] as next_owner
    from still_open
    group by 1, 2, 3
)

select
    v.subject,
    v.subject_id,
    coalesce(s.site_name, v.title) as subject_name,
    v.threat,
    v.scenario,
    v.existing_measures,
    v.consequence::int as consequence,
    v.likelihood::int as likelihood,
    (v.consequence * v.likelihood)::int as computed_score,
    v.score::int as score,
    v.override_reason is not null as is_overridden,
    v.override_reason,
    v.overridden_by,
    v.overridden_on,
    coalesce(m.open_measures, 0) as open_measures,
    m.next_due_on,
    m.next_measure,
    m.next_owner,
    v.owner,
    v.assessed_on,
    v.review_on
from {{ ref('stg_city__vulnerabilities') }} as v
left join {{ ref('dim_site') }} as s on v.subject = 'site' and v.subject_id = s.site_id
left join to_do as m
    on v.subject = m.subject and v.subject_id = m.subject_id and v.threat = m.threat
