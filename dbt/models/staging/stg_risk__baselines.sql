-- The newest fit only; earlier ones stay in raw for replay.
select
    zone_id,
    hour_of_week,
    expected_incidents,
    fitted_on,
    trained_from,
    trained_until,
    model_version
from {{ source('raw', 'risk_baseline') }}
where fitted_on = (select max(b.fitted_on) from {{ source('raw', 'risk_baseline') }} as b)
