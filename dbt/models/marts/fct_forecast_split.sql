{{ config(tags=['risk', 'forecast']) }}
-- Whom a published forecast served in its week: districts, and incidents by who found them. No
-- column is named district: a partner would see its own row without the others beside it.
select
    s.fitted_on,
    s.split,
    s.name as part_name,
    s.expected,
    s.observed,
    s.ratio,
    s.ratio_low,
    s.ratio_high,
    coalesce(s.ratio_low > 1 or s.ratio_high < 1, false) as is_off,
    s.attention_share,
    s.incident_share,
    s.attention_over_incidents,
    s.hit_rate
from {{ ref('stg_risk__forecast_splits') }} as s
