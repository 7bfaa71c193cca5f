select
    s.attributes ->> 'site_id' as site_id,
    s.name as site_name,
    s.attributes ->> 'kind' as kind,
    z.zone_id,
    z.district,
    st_x(s.geom) as longitude,
    st_y(s.geom) as latitude,
    s.geom::geometry(point, 4326) as geom -- noqa
from {{ ref('stg_city__places') }} as s
left join {{ ref('dim_zone') }} as z on s.attributes ->> 'zone_id' = z.zone_id
where s.kind = 'site'
