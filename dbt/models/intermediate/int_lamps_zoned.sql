-- How many lamps light a zone, for its size. A zone without any is missing: a city that takes in no
-- layer of lamps has none here, which is not the same as dark.
select
    z.place_id as zone_id,
    count(*)::int as lamp_count,
    round((count(*) / (st_area(z.geom::geography) / 10000))::numeric, 1) as lamps_per_ha
from {{ ref('stg_city__places') }} as l
inner join {{ ref('stg_city__places') }} as z
    on l.attributes ->> 'zone_id' = z.place_id and z.kind = 'zone'
where l.kind = 'lamp'
group by z.place_id, z.geom
