-- Each placed incident in every hour in which it may have happened, with its share of it: what
-- happened between 22:00 and 02:00 counts a quarter in each of four hours (Ratcliffe 2000). As in
-- models/risk/aoristic.py no end is the start's hour, and more than a week tells no hour.
with measured as (
    select
        i.source,
        i.source_id,
        i.zone_id,
        i.occurred_mid_at,
        date_trunc('hour', i.occurred_from_at) as first_hour_at,
        date_trunc('hour', greatest(i.occurred_to_at - interval '1 second', i.occurred_from_at))
            as last_hour_at
    from {{ ref('int_incidents_zoned') }} as i
    where i.zone_id is not null
),

counted as (
    select
        *,
        least(168, 1 + extract(epoch from last_hour_at - first_hour_at) / 3600)::int as hour_count
    from measured
)

select
    c.source,
    c.source_id,
    c.zone_id,
    c.first_hour_at + k.n * interval '1 hour' as hour_start_at,
    1.0 / c.hour_count as incident_share,
    c.occurred_mid_at
from counted as c
cross join lateral generate_series(0, c.hour_count - 1) as k (n)
