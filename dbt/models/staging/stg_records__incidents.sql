select
    source,
    source_id,
    category,
    iccs_code,
    occurred_from as occurred_from_at,
    occurred_to as occurred_to_at,
    occurred_from + (occurred_to - occurred_from) / 2 as occurred_mid_at,
    accuracy_m,
    found_by,
    geom,
    loaded_at
from {{ source('raw', 'incident') }}
