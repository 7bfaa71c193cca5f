{{ config(materialized='table', indexes=[{'columns': ['flat'], 'type': 'gist'}]) }}
-- Zones drawn once in a plane that is true at the city's middle, one unit the same length both
-- ways, so that distances to millions of incidents need not draw each zone anew. A city that
-- stretches 100 km to the north or south of its middle is 2 in 100 off at its ends.
with plane as (
    select cosd(avg(st_y(st_centroid(z.geom)))) as narrowing
    from {{ ref('dim_zone') }} as z
)

select
    z.zone_id,
    p.narrowing,
    st_scale(z.geom, p.narrowing, 1) as flat
from {{ ref('dim_zone') }} as z
cross join plane as p
