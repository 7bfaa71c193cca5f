{{ config(tags=['risk']) }}
-- What rain, darkness and holidays make of an hour: logarithm of a factor, against what this hour
-- of the week was like, on average, while the baseline was learnt. What is unknown makes nothing.
with trained as (
    select
        min(b.trained_from) as since,
        max(b.trained_until) as until
    from {{ ref('stg_risk__baselines') }} as b
),

usual as (
    select
        d.hour_of_week,
        avg(d.rain) as rain,
        avg(d.darkness) as darkness,
        avg(d.holiday) as holiday
    from {{ ref('int_hours_described') }} as d
    cross join trained as t
    where d.hour_start_at >= t.since and d.hour_start_at < t.until
    group by d.hour_of_week
)

select
    d.hour_start_at,
    d.darkness - u.darkness as darkness,
    c.rain * coalesce(d.rain - u.rain, 0)
    + c.darkness * (d.darkness - u.darkness)
    + c.holiday * (d.holiday - u.holiday) as log_factor,
    c.rain <> 0 and d.rain is null as is_rain_missing
from {{ ref('int_hours_described') }} as d
cross join {{ ref('int_coefficients') }} as c
left join usual as u on d.hour_of_week = u.hour_of_week
