-- The newest forecast, while its days last: what is past is for its score alone.
select
    f.starts_on,
    f.horizon_h,
    f.cell_m,
    f.incident_count,
    f.learnt_from,
    f.expected_total,
    f.counted_by,
    f.ranked_by,
    f.likelihood_gain_low,
    f.likelihood_gain_high,
    f.hit_gain_low,
    f.hit_gain_high,
    f.model_version
from {{ source('raw', 'forecast') }} as f
cross join {{ source('raw', 'city') }} as c
where
    f.starts_on = (select max(n.starts_on) from {{ source('raw', 'forecast') }} as n)
    and (f.starts_on + make_interval(hours => f.horizon_h)) at time zone c.time_zone
    > {{ this_moment() }}
