-- The weather of an hour over the city: the mean of its stations, each value of those that have it.
select
    hour_start_at,
    avg(temperature_c) as temperature_c,
    avg(rain_mm) as rain_mm,
    avg(wind_m_s) as wind_m_s
from {{ ref('stg_city__weather_hours') }}
group by 1
