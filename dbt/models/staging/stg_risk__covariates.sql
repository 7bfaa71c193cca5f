-- Of the newest fit; earlier ones stay in raw.
select
    fitted_on,
    covariate,
    incident_count,
    coefficient,
    coefficient_low,
    coefficient_high,
    gain_low,
    gain_high,
    is_used
from {{ source('raw', 'risk_covariate') }}
where fitted_on = (select max(b.fitted_on) from {{ source('raw', 'risk_baseline') }} as b)
