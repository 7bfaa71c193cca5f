-- Each incident belongs to the nearest zone within its own accuracy plus 60 m, else to none.
select
    i.source,
    i.source_id,
    i.category,
    i.iccs_code,
    i.occurred_from_at,
    i.occurred_to_at,
    i.occurred_mid_at,
    i.accuracy_m,
    i.found_by,
    i.geom,
    z.zone_id
from {{ ref('stg_records__incidents') }} as i
left join lateral (
    select p.place_id as zone_id
    from {{ ref('stg_city__places') }} as p
    where
        p.kind = 'zone'
        and st_dwithin(p.geom::geography, i.geom::geography, 60 + i.accuracy_m)
    order by p.geom <-> i.geom
    limit 1
) as z on true
