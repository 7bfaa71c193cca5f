{{ config(tags=['risk', 'forecast']) }}
-- How much more often incidents follow each other nearby than chance makes it.
select
    tested_on,
    tested_from,
    within_m,
    within_days::int as within_days,
    pair_count,
    ratio,
    p_value,
    is_main,
    p_value < 0.05 as is_beyond_chance
from {{ ref('stg_risk__near_repeats') }}
