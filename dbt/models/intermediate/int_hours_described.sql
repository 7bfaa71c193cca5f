-- What an hour of the city is like: rain, darkness, holiday. Weather that nobody took in is
-- unknown.
{% set half_past = "(h.hour_start_at + interval '30 minutes')" %}
with centre as (
    select
        avg(st_x(st_centroid(z.geom))) as longitude,
        avg(st_y(st_centroid(z.geom))) as latitude
    from {{ ref('dim_zone') }} as z
),

city as (
    select
        c.time_zone,
        centre.longitude,
        centre.latitude,
        date_trunc('hour', least(
            (select min(i.occurred_mid_at) from {{ ref('int_incidents_zoned') }} as i),
            {{ this_moment() }} - interval '{{ var("days") }} days'
        )) - interval '7 days' as starts_at
    from {{ ref('stg_city__cities') }} as c
    cross join centre
)

select
    h.hour_start_at,
    h.hour_start_at at time zone city.time_zone as hour_local,
    {{ hour_of_week('(h.hour_start_at at time zone city.time_zone)') }} as hour_of_week,
    ln(1 + w.rain_mm) as rain,
    {{ is_dark(half_past, 'city.longitude', 'city.latitude') }}::int as darkness,
    exists(
        select 1 from {{ ref('stg_city__calendar_events') }} as e
        where e.kind = 'holiday' and e.starts_at <= h.hour_start_at and e.ends_at > h.hour_start_at
    )::int as holiday
from city
cross join lateral generate_series(city.starts_at, {{ this_moment() }}, interval '1 hour')
    as h (hour_start_at)
left join {{ ref('int_weather_hourly') }} as w on h.hour_start_at = w.hour_start_at
