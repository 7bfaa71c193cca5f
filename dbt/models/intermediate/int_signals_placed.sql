-- A post is tied to its most certain place; a site stands for the zone it lies in. One that is past
-- its time, or that its author deleted (which ends its time), counts no more.
select
    s.source,
    s.post_id_hash,
    s.posted_at,
    date_trunc('hour', s.posted_at) as hour_start_at,
    s.author_key,
    s.language,
    s.themes,
    s.is_uncertain,
    s.due_at,
    coalesce(p.attributes ->> 'zone_id', l.place_id) as zone_id,
    l.confidence as place_confidence
from {{ ref('stg_feeds__signals') }} as s
cross join lateral (
    select
        link ->> 'place_id' as place_id,
        (link ->> 'confidence')::real as confidence
    from jsonb_array_elements(s.place_links) as link
    where (link ->> 'confidence')::real >= {{ threshold('place_link_certain') }}
    order by 2 desc, 1
    limit 1
) as l
left join {{ ref('stg_city__places') }} as p
    on l.place_id = p.place_id and p.kind = 'site'
where s.due_at > {{ this_moment() }}
