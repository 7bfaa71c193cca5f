select
    tested_on,
    cell_id,
    tested_from,
    z,
    times_mean,
    geom
from {{ source('raw', 'hot_spot') }}
where tested_on = (select max(n.tested_on) from {{ source('raw', 'near_repeat') }} as n)
