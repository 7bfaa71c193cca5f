select
    source,
    hour_start_at,
    temperature_c,
    rain_mm,
    wind_m_s
from {{ source('raw', 'weather_hour') }}
