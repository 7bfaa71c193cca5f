select
    (a.logged_at at time zone c.time_zone)::date as day,
    a.subject as source_id,
    count(*) filter (where a.action = 'run_allowed')::int as allowed_count,
    count(*) filter (where a.action = 'run_refused')::int as refused_count,
    (
        array_agg(a.facts ->> 'rule' order by a.entry_id desc)
        filter (where a.action = 'run_refused')
    )[1] as last_rule
from {{ source('ops', 'audit_log') }} as a
cross join {{ source('raw', 'city') }} as c
where a.action in ('run_allowed', 'run_refused')
group by (a.logged_at at time zone c.time_zone)::date, a.subject
