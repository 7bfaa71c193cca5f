{{ config(tags=['risk', 'forecast']) }}
-- Where incidents cluster more than chance makes them; no count of a single cell is told.
select
    h.tested_on,
    h.tested_from,
    h.cell_id,
    p.zone_id,
    p.zone_name,
    p.district,
    h.z,
    h.times_mean,
    p.geom::geometry(polygon, 4326) as geom, -- noqa
    p.outline_json
from {{ ref('stg_risk__hot_spots') }} as h
inner join {{ ref('int_forecast_places') }} as p
    on p.kind = 'hot_spot' and h.cell_id = p.square_id
