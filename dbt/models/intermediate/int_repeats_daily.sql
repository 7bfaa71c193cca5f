-- What was recorded lately in a zone and around it, seen from each local day: the two days before,
-- those before them within near_repeat_days, and all of these around it. A day's own incidents are
-- no past of it. Less than a week back, or an incident would stand in its own past
-- (models/risk/covariates.py). No row where the records do not reach to the day before.
{% set soon, last = 2, "least(7, " ~ threshold("near_repeat_days") ~ ")::int" %}
with records as (
    select
        min(i.local_date) as since,
        max(i.local_date) as until
    from {{ ref('fct_incident') }} as i
)

select
    z.zone_id,
    d.local_date::date as local_date,
    ln(1 + coalesce(own.soon_count, 0)) as repeat_soon,
    ln(1 + coalesce(own.week_count, 0)) as repeat_week,
    ln(1 + coalesce(around.incident_count, 0)) as repeat_around
from {{ ref('dim_zone') }} as z
cross join records as r
cross join lateral generate_series(r.since + 7, r.until + 1, interval '1 day') as d (local_date)
left join lateral (
    select
        sum(f.incident_count) filter (where d.local_date::date - f.local_date <= {{ soon }})
            as soon_count,
        sum(f.incident_count) filter (where d.local_date::date - f.local_date > {{ soon }})
            as week_count
    from {{ ref('fct_incident') }} as f
    where
        f.zone_id = z.zone_id
        and f.local_date > d.local_date::date - {{ last }}
        and f.local_date < d.local_date::date
) as own on true
left join lateral (
    select sum(f.incident_count) as incident_count
    from {{ ref('int_zones_around') }} as a
    inner join {{ ref('fct_incident') }} as f on a.other_zone_id = f.zone_id
    where
        a.zone_id = z.zone_id
        and f.local_date > d.local_date::date - {{ last }}
        and f.local_date < d.local_date::date
) as around on true
