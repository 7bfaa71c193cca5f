{{ config(tags=['risk']) }}
-- Incidents of a zone in 28 days against those before and a year ago. Of many places some change by
-- chance alone: false discoveries are held at a share (Benjamini and Hochberg 1995).
{% set allowed = threshold('place_change_false_discoveries') %}
with present as (
    select
        ({{ until_hour() }} at time zone c.time_zone)::date as until_on,
        (select min(i.local_date) from {{ ref('fct_incident') }} as i) as recorded_since
    from {{ ref('stg_city__cities') }} as c
),

-- 28 days, those before, and those 52 weeks earlier, with the same weekdays.
recorded as (
    select
        i.zone_id,
        sum(i.incident_count) filter (where i.local_date >= p.until_on - 28) as now_count,
        sum(i.incident_count) filter (
            where i.local_date >= p.until_on - 56 and i.local_date < p.until_on - 28
        ) as before_count,
        sum(i.incident_count) filter (
            where i.local_date >= p.until_on - 392 and i.local_date < p.until_on - 364
        ) as last_year_count
    from {{ ref('fct_incident') }} as i
    cross join present as p
    where
        i.local_date >= p.until_on - 56 and i.local_date < p.until_on
        or i.local_date >= p.until_on - 392 and i.local_date < p.until_on - 364
    group by i.zone_id
),

-- Where the records do not reach back, a count of nothing would be no zero.
counted as (
    select
        z.zone_id,
        z.zone_name,
        z.district,
        case
            when p.recorded_since <= p.until_on - 28 then coalesce(r.now_count, 0)
        end::int as incidents_28d,
        case
            when p.recorded_since <= p.until_on - 56 then coalesce(r.before_count, 0)
        end::int as incidents_before,
        case
            when p.recorded_since <= p.until_on - 392 then coalesce(r.last_year_count, 0)
        end::int as incidents_last_year
    from {{ ref('dim_zone') }} as z
    cross join present as p
    left join recorded as r on z.zone_id = r.zone_id
),

tested as (
    select
        *,
        {{ chance_of_change('incidents_28d', 'incidents_before') }} as chance_before,
        {{ chance_of_change('incidents_28d', 'incidents_last_year') }} as chance_last_year
    from counted
),

-- Which share of the places tested has a chance as small or smaller.
ranked as (
    select
        *,
        cume_dist() over (partition by chance_before is null order by chance_before)
            as share_before,
        cume_dist() over (partition by chance_last_year is null order by chance_last_year)
            as share_last_year
    from tested
),

limited as (
    select
        *,
        max(chance_before) filter (where chance_before <= {{ allowed }} * share_before) over ()
            as limit_before,
        max(chance_last_year)
            filter (where chance_last_year <= {{ allowed }} * share_last_year) over ()
            as limit_last_year
    from ranked
)

select
    zone_id,
    zone_name,
    district,
    incidents_28d,
    incidents_before,
    {{ change_of_counts('incidents_28d', 'incidents_before', 'chance_before', 'limit_before') }}
        as change_before,
    incidents_last_year,
    {{ change_of_counts(
        'incidents_28d', 'incidents_last_year', 'chance_last_year', 'limit_last_year'
    ) }} as change_last_year
from limited
