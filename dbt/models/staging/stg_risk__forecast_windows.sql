select
    starts_on,
    place,
    geom
from {{ source('raw', 'forecast_window') }}
