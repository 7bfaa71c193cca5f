-- Alarm in the public voice: the strongest of the alarming themes. From what is published of the
-- themes and nothing else: a count over all of them would be a second total, and its difference to
-- the themes shown would tell what the hidden ones hold.
with alarming as (
    select
        zone_id,
        hour_start_at,
        theme,
        post_count,
        mean_probability,
        -- Posts that a person should look at count for nothing here.
        author_count * (1 - uncertain_pct / 100) as certain_authors
    from {{ ref('fct_post_theme_hour') }}
    where not is_suppressed and theme in ('panic', 'threat', 'crowding', 'disorder')
)

select distinct on (zone_id, hour_start_at)
    zone_id,
    hour_start_at,
    post_count,
    certain_authors / (certain_authors + 3) * mean_probability as voice_signal
from alarming
order by
    zone_id, hour_start_at, certain_authors / (certain_authors + 3) * mean_probability desc, theme
