select
    starts_on,
    cell_id,
    place,
    band,
    expected,
    low,
    high,
    geom
from {{ source('raw', 'forecast_cell') }}
