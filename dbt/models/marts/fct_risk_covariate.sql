{{ config(tags=['risk']) }}
-- What bends the baseline of the index, and what was asked and found to tell nothing.
select
    fitted_on,
    covariate,
    incident_count,
    case when incident_count > 0 then exp(coefficient) end::real as factor,
    case when incident_count > 0 then exp(coefficient_low) end::real as factor_low,
    case when incident_count > 0 then exp(coefficient_high) end::real as factor_high,
    gain_low::real as gain_low,
    gain_high::real as gain_high,
    case
        when is_used then 'used'
        when incident_count = 0 then 'not_known'
        else 'not_proven'
    end as evidence
from {{ ref('stg_risk__covariates') }}
