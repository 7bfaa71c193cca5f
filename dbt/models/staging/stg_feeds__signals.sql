-- A post analysed by several model versions counts once, as the newest analysis sees it, or as a
-- person corrected that very analysis.
select distinct on (s.source, s.post_id_hash)
    s.source,
    s.post_id_hash,
    s.model_version,
    s.posted_at,
    s.author_key,
    s.language,
    case when c.source is null then s.themes else h.themes end as themes,
    s.is_uncertain and c.source is null as is_uncertain,
    s.place_links,
    s.due_at,
    greatest(s.loaded_at, c.corrected_at) as loaded_at
from {{ source('raw', 'post_signal') }} as s
left join {{ source('raw', 'post_correction') }} as c
    on s.source = c.source and s.post_id_hash = c.post_id_hash and s.loaded_at <= c.corrected_at
cross join lateral (
    select jsonb_object_agg(t.theme, jsonb_exists(c.themes, t.theme)::int) as themes
    from jsonb_object_keys(s.themes) as t (theme)
) as h
order by s.source, s.post_id_hash, s.loaded_at desc, s.model_version desc
