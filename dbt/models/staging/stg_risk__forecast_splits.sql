select
    fitted_on,
    split,
    name,
    expected,
    observed,
    ratio,
    ratio_low,
    ratio_high,
    attention_share,
    incident_share,
    attention_over_incidents,
    hit_rate
from {{ source('raw', 'forecast_split') }}
