-- Counts of fewer people than the city's small cell are hidden here, before anything is joined.
select
    o.*,
    {{ is_small('o.people_max', threshold('small_cell_people')) }} as is_suppressed
from {{ ref('stg_cameras__observations') }} as o
