-- Unsuppressed: never published as it is. A post voices a theme when it is more likely than not.
select
    s.zone_id,
    s.hour_start_at,
    t.theme,
    count(*)::int as post_count,
    count(distinct s.author_key)::int as author_count,
    avg(t.probability)::real as mean_probability,
    (100.0 * avg(s.is_uncertain::int))::real as uncertain_pct,
    -- When the first of them is due. By the hour: the exact time could be found again in a feed.
    date_trunc('hour', min(s.due_at)) as final_at
from {{ ref('int_signals_placed') }} as s
cross join lateral (
    select
        key as theme,
        value::real as probability
    from jsonb_each_text(s.themes)
) as t
where t.probability >= 0.5
group by s.zone_id, s.hour_start_at, t.theme
