{{ config(materialized='table', indexes=[{'columns': ['zone_id']}]) }}
-- Which zones lie around a zone, within the reach of a near repeat.
select
    z.zone_id,
    o.zone_id as other_zone_id
from {{ ref('int_zones_flat') }} as z
inner join {{ ref('int_zones_flat') }} as o
    on
        z.zone_id <> o.zone_id
        and st_dwithin(z.flat, o.flat, {{ degrees(threshold('near_repeat_m')) }})
