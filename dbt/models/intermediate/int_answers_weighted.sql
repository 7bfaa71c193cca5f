-- Sums over answers by zone, wave and question. Unsuppressed, not published.
-- effective_count: how many answers of equal weight would be as sure (Kish, Survey Sampling, 1965).
select
    zone_id,
    wave,
    question,
    max(wave_ended_on) as wave_ended_on,
    count(*)::int as asked_count,
    (count(*) filter (where is_answered))::int as answered_count,
    coalesce(sum(weight) filter (where is_answered), 0) / sum(weight) as response_share,
    coalesce(sum(weight) filter (where is_answered and is_affirmative), 0)
    / sum(weight) filter (where is_answered) as share,
    (sum(weight) filter (where is_answered)) ^ 2
    / sum(weight ^ 2) filter (where is_answered) as effective_count
from {{ ref('stg_records__survey_answers') }}
group by 1, 2, 3
