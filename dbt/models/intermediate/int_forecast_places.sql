{{ config(tags=['risk', 'forecast']) }}
-- Cells and windows of the newest forecast and hot cells, each with the zone that lies in it or
-- within 60 m, the nearest to its middle; so that a square on the map has a name.
with squares as (
    select
        'cell' as kind,
        c.cell_id as square_id,
        c.geom
    from {{ ref('stg_risk__forecast_cells') }} as c
    inner join {{ ref('stg_risk__forecasts') }} as f on c.starts_on = f.starts_on
    union all
    select
        'window' as kind,
        w.place::text as square_id,
        w.geom
    from {{ ref('stg_risk__forecast_windows') }} as w
    inner join {{ ref('stg_risk__forecasts') }} as f on w.starts_on = f.starts_on
    union all
    select
        'hot_spot' as kind,
        h.cell_id as square_id,
        h.geom
    from {{ ref('stg_risk__hot_spots') }} as h
)

select
    s.kind,
    s.square_id,
    s.geom,
    (st_asgeojson(s.geom, 6)::jsonb -> 'coordinates' -> 0)::text as outline_json,
    z.zone_id,
    z.zone_name,
    z.district
from squares as s
left join lateral (
    select
        p.place_id as zone_id,
        p.name as zone_name,
        p.attributes ->> 'district' as district
    from {{ ref('stg_city__places') }} as p
    where p.kind = 'zone' and st_dwithin(p.geom::geography, s.geom::geography, 60)
    order by p.geom <-> st_centroid(s.geom), p.place_id
    limit 1
) as z on true
