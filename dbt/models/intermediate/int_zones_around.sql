{{ config(materialized='table', indexes=[{'columns': ['zone_id']}]) }}
-- Which zones lie around a zone, within the reach of a near repeat.
{% set reach = threshold('near_repeat_m') %}
with zones as (
    select
        z.zone_id,
        z.geom,
        cosd(st_y(st_centroid(z.geom))) as narrowing
    from {{ ref('dim_zone') }} as z
)

select
    z.zone_id,
    o.zone_id as other_zone_id
from zones as z
inner join zones as o
    on
        z.zone_id <> o.zone_id
        and o.geom && st_expand(
            z.geom, {{ reach }} / (110000 * z.narrowing), {{ reach }} / 110000.0
        )
where 111320 * st_distance(
    st_scale(z.geom, z.narrowing, 1), st_scale(o.geom, z.narrowing, 1)
) <= {{ reach }}
