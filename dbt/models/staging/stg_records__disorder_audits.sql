select
    source,
    source_id,
    item,
    kind,
    severity,
    audited_at,
    accuracy_m,
    geom
from {{ source('raw', 'disorder_audit') }}
