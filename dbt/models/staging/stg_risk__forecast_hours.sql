select
    starts_on,
    cell_id,
    starts_local,
    step_h,
    expected,
    low,
    high
from {{ source('raw', 'forecast_hour') }}
