-- Posts by local day and language, small languages together under 'mixed': unsuppressed, never
-- published as it is. Left out are posts that stand in hidden cells of themes alone, so that no
-- total of this tells what those hold (docs/adr/0010-small-cells.md).
with voiced as (
    select
        p.source,
        p.post_id_hash,
        bool_or(not f.is_suppressed) as is_shown
    from {{ ref('int_signals_placed') }} as p
    cross join lateral jsonb_each_text(p.themes) as t (theme, probability)
    inner join {{ ref('fct_post_theme_hour') }} as f
        on p.zone_id = f.zone_id and p.hour_start_at = f.hour_start_at and t.theme = f.theme
    where t.probability::real >= 0.5
    group by p.source, p.post_id_hash
),

posts as (
    select
        (s.posted_at at time zone c.time_zone)::date as local_date,
        s.language,
        s.author_key,
        s.is_uncertain,
        s.due_at
    from {{ ref('stg_feeds__signals') }} as s
    cross join {{ ref('stg_city__cities') }} as c
    left join voiced as v on s.source = v.source and s.post_id_hash = v.post_id_hash
    where s.due_at > {{ this_moment() }} and coalesce(v.is_shown, true)
),

languages as (
    select
        local_date,
        language,
        count(distinct author_key) as author_count
    from posts
    group by local_date, language
),

-- A small language is mixed with the smallest of the others until the mixture is no small cell: one
-- that stood alone could be told from the counts of themes.
mixtures as (
    select
        local_date,
        language,
        coalesce(sum(author_count) over smaller, 0) as smaller_authors,
        {{ is_small('author_count', 'small_cell_authors') }} as is_small,
        coalesce(bool_or({{ is_small('author_count', 'small_cell_authors') }}) over smaller, false)
            as has_smaller
    from languages
    window smaller as (
        partition by local_date order by author_count, language
        rows between unbounded preceding and 1 preceding
    )
)

select
    p.local_date,
    case
        when
            m.is_small
            or (m.has_smaller and {{ is_small('m.smaller_authors', 'small_cell_authors') }})
            then 'mixed'
        else p.language
    end as language,
    count(*)::int as post_count,
    count(distinct p.author_key)::int as author_count,
    (100.0 * avg(p.is_uncertain::int))::real as uncertain_pct,
    -- The whole day stays from when the first of its posts is due.
    min(date_trunc('hour', min(p.due_at))) over (partition by p.local_date) as final_at
from posts as p
inner join mixtures as m on p.local_date = m.local_date and p.language = m.language
group by 1, 2
