-- Alarm in the public voice: the strongest of the alarming themes. From what is published of the
-- themes and nothing else: a count over all of them would be a second total, and its difference to
-- the themes shown would tell what the hidden ones hold.
with alarming as (
    select
        zone_id,
        hour_start_at,
        theme,
        post_count,
        -- How many voices to expect: probabilities are calibrated, so that a doubtful post counts
        -- by its odds. What is as usual at this hour counts less; without a past, all of it counts.
        author_count * mean_probability * (1 - coalesce(10 ^ (-surprise), 0)) as expected_voices
    from {{ ref('fct_post_theme_hour') }}
    where not is_suppressed and theme in ('panic', 'threat', 'crowding', 'disorder')
)

select distinct on (zone_id, hour_start_at)
    zone_id,
    hour_start_at,
    post_count,
    (
        expected_voices / (expected_voices + {{ threshold('voice_half_authors') }})
    )::real as voice_signal
from alarming
order by
    zone_id, hour_start_at, expected_voices desc, theme
