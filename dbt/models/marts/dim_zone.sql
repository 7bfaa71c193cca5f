{{ config(indexes=[{'columns': ['geom'], 'type': 'gist'}]) }}
select
    place_id as zone_id,
    name as zone_name,
    attributes ->> 'kind' as kind,
    attributes ->> 'district' as district,
    (attributes ->> 'is_pedestrian')::boolean as is_pedestrian,
    st_area(geom::geography) as area_m2,
    geom::geometry(polygon, 4326) as geom, -- noqa
    (st_asgeojson(geom, 6)::jsonb -> 'coordinates' -> 0)::text as outline_json
from {{ ref('stg_city__places') }}
where kind = 'zone'
