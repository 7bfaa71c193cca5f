select
    i.source,
    i.source_id,
    i.category,
    i.iccs_code,
    i.zone_id,
    z.zone_name,
    z.district,
    i.occurred_from_at,
    i.occurred_to_at,
    i.occurred_mid_at,
    i.accuracy_m,
    i.found_by,
    st_x(i.geom) as longitude,
    st_y(i.geom) as latitude,
    i.geom::geometry(point, 4326) as geom -- noqa
from {{ ref('int_incidents_zoned') }} as i
left join {{ ref('dim_zone') }} as z on i.zone_id = z.zone_id
