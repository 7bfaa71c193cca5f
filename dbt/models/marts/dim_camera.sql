select
    c.attributes ->> 'camera_id' as camera_id,
    c.name as camera_name,
    z.zone_id,
    z.zone_name,
    z.district,
    c.attributes ->> 'source_id' as source_id,
    (c.attributes ->> 'is_sample')::boolean as is_sample,
    st_x(c.geom) as longitude,
    st_y(c.geom) as latitude,
    c.geom::geometry(point, 4326) as geom -- noqa
from {{ ref('stg_city__places') }} as c
inner join {{ ref('dim_zone') }} as z on c.attributes ->> 'zone_id' = z.zone_id
where c.kind = 'camera'
