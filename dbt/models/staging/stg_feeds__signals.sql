-- A post analysed by several model versions counts once, as the newest analysis sees it.
select distinct on (source, post_id_hash)
    source,
    post_id_hash,
    model_version,
    posted_at,
    author_key,
    language,
    themes,
    is_uncertain,
    place_links,
    due_at,
    loaded_at
from {{ source('raw', 'post_signal') }}
order by source, post_id_hash, loaded_at desc, model_version desc
