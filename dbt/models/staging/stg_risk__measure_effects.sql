select distinct on (e.measure_id)
    e.*,
    e.title ->> c.language as measure_name
from {{ source('raw', 'measure_effect') }} as e
cross join {{ ref('stg_city__cities') }} as c
order by e.measure_id, e.judged_on desc
