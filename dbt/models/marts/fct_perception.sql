-- What people say of a zone, apart from what is recorded there. Below k answers nothing is shown
-- but that the question was asked. The interval is Wilson's, on the effective number of answers; it
-- says nothing of those who did not answer, whose share stands beside it. Shares are rounded, so
-- that no single weight can be told from them.
with shown as (
    select
        *,
        1.96 ^ 2 / effective_count as z
    from {{ ref('int_answers_weighted') }}
    where answered_count > 0 and not {{ is_small('answered_count', 'small_cell_people') }}
),

told as (
    select
        *,
        (share + z / 2) / (1 + z) as middle,
        sqrt(share * (1 - share) * z + z ^ 2 / 4) / (1 + z) as half
    from shown
)

select
    a.zone_id,
    z.zone_name,
    z.district,
    a.wave,
    a.wave_ended_on,
    a.question,
    t.answered_count,
    round((100 * t.response_share)::numeric, 1)::double precision as response_pct,
    round((100 * t.share)::numeric, 1)::double precision as share_pct,
    round((100 * (t.middle - t.half))::numeric, 1)::double precision as share_low_pct,
    round((100 * (t.middle + t.half))::numeric, 1)::double precision as share_high_pct,
    t.zone_id is null as is_suppressed
from {{ ref('int_answers_weighted') }} as a
left join told as t on a.zone_id = t.zone_id and a.wave = t.wave and a.question = t.question
left join {{ ref('dim_zone') }} as z on a.zone_id = z.zone_id
