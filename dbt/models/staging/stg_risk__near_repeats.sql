-- The newest test; it stands for that of hot spots too, of which there may be none.
select
    tested_on,
    tested_from,
    within_m,
    within_days,
    pair_count,
    ratio,
    p_value,
    is_main
from {{ source('raw', 'near_repeat') }}
where tested_on = (select max(n.tested_on) from {{ source('raw', 'near_repeat') }} as n)
