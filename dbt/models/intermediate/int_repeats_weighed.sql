{{ config(tags=['risk']) }}
-- What the last days' incidents in and around a zone make of its days: logarithm of a factor,
-- against what the baseline expects of as many days.
with weekly as (
    select
        b.zone_id,
        sum(b.expected_incidents) as own
    from {{ ref('stg_risk__baselines') }} as b
    group by b.zone_id
),

expected as (
    select
        w.zone_id,
        w.own,
        coalesce(sum(o.own), 0) as around
    from weekly as w
    left join {{ ref('int_zones_around') }} as a on w.zone_id = a.zone_id
    left join weekly as o on a.other_zone_id = o.zone_id
    group by w.zone_id, w.own
)

select
    r.zone_id,
    r.local_date,
    c.repeat_soon * (r.repeat_soon - ln(1 + e.own * 2 / 7))
    + c.repeat_week * (r.repeat_week - ln(1 + e.own * 4 / 7))
    + c.repeat_around * (r.repeat_around - ln(1 + e.around * 6 / 7)) as log_factor
from {{ ref('int_repeats_daily') }} as r
inner join expected as e on r.zone_id = e.zone_id
cross join {{ ref('int_coefficients') }} as c
