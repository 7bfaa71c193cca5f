{{ config(materialized='view') }}
-- A view on a table that grows and is never swapped, so that nothing is copied.
select
    source,
    source_id,
    category,
    iccs_code,
    zone_id,
    zone_name,
    district,
    occurred_from_at,
    occurred_to_at,
    occurred_mid_at,
    accuracy_m,
    found_by,
    st_x(geom) as longitude,
    st_y(geom) as latitude,
    geom
from {{ ref('int_incidents_zoned') }}
