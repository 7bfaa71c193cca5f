-- Each audit belongs to the nearest zone within its own accuracy plus the pack's distance.
select
    a.item,
    a.kind,
    a.severity,
    a.audited_at,
    z.zone_id
from {{ ref('stg_records__disorder_audits') }} as a
inner join lateral (
    select p.place_id as zone_id
    from {{ ref('stg_city__places') }} as p
    where
        p.kind = 'zone'
        and st_dwithin(
            p.geom::geography, a.geom::geography, {{ threshold('place_zone_m') }} + a.accuracy_m
        )
    order by p.geom <-> a.geom
    limit 1
) as z on true
