-- What was recorded lately in a zone and around it, seen from each local day: the two days before,
-- those before them within near_repeat_days, and all of these around it. A day's own incidents are
-- no past of it. Less than a week back, or an incident would stand in its own past
-- (models/risk/covariates.py). No row where the records do not reach to the day before.
-- Read it for few days at a time: the fit, which asks for days of years, has the same in its query
-- (plugins/precrisis/covariate_cases.py).
{% set day = 'd.local_date::date' %}
{% set soon, last = 2, "(least(7, " ~ threshold("near_repeat_days") ~ ") - 1)::int" %}
with records as (
    select
        min(i.local_date) as since,
        max(i.local_date) as until
    from {{ ref('fct_incident') }} as i
)

select
    z.zone_id,
    {{ day }} as local_date,
    ln(1 + coalesce((
        select sum(f.incident_count) from {{ ref('fct_incident') }} as f
        where
            f.zone_id = z.zone_id
            and f.local_date between {{ day }} - {{ soon }} and {{ day }} - 1
    ), 0)) as repeat_soon,
    ln(1 + coalesce((
        select sum(f.incident_count) from {{ ref('fct_incident') }} as f
        where
            f.zone_id = z.zone_id
            and f.local_date between {{ day }} - {{ last }} and {{ day }} - {{ soon + 1 }}
    ), 0)) as repeat_week,
    ln(1 + coalesce((
        select sum(f.incident_count)
        from {{ ref('int_zones_around') }} as a
        inner join {{ ref('fct_incident') }} as f on a.other_zone_id = f.zone_id
        where
            a.zone_id = z.zone_id
            and f.local_date between {{ day }} - {{ last }} and {{ day }} - 1
    ), 0)) as repeat_around
from {{ ref('dim_zone') }} as z
cross join records as r
cross join lateral generate_series(r.since + 7, r.until + 1, interval '1 day') as d (local_date)
