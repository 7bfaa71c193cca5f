select
    place_id,
    hour_of_week,
    departures_mean
from {{ source('raw', 'stop_service') }}
