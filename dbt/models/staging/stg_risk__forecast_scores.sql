select
    fitted_on,
    method,
    tested_from,
    tested_until,
    incident_count,
    area_share,
    hit_rate,
    pai,
    log_likelihood_per_incident
from {{ source('raw', 'forecast_score') }}
