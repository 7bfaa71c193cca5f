{{ config(tags=['risk', 'forecast']) }}
-- Squares of the forecast in force, placed where most is expected and not where a grid lies.
select
    f.starts_on,
    p.square_id::int as place,
    p.zone_id,
    p.zone_name,
    p.district,
    p.geom::geometry(polygon, 4326) as geom, -- noqa
    p.outline_json
from {{ ref('int_forecast_places') }} as p
cross join {{ ref('stg_risk__forecasts') }} as f
where p.kind = 'window'
