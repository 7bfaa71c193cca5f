select
    source,
    source_id,
    wave,
    wave_ended_on,
    zone_id,
    question,
    answer,
    weight,
    answer not in ('does_not_know', 'refused', 'not_reached') as is_answered,
    answer in ('very_safe', 'safe', 'yes') as is_affirmative
from {{ source('raw', 'survey_answer') }}
