{{ config(tags=['risk']) }}
-- The coefficients in use, in one row; 0 for what is not used, and where nothing was fitted yet.
{% set covariates = ['rain', 'darkness', 'lit_darkness', 'holiday', 'event', 'repeat_soon',
    'repeat_week', 'repeat_around'] %}
select
    {% for covariate in covariates %}
    coalesce(max(c.coefficient) filter (where c.covariate = '{{ covariate }}' and c.is_used), 0)
        as {{ covariate }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('stg_risk__covariates') }} as c
