{{ config(
    materialized='incremental',
    unique_key=['source', 'source_id'],
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    indexes=[
        {'columns': ['source', 'source_id'], 'unique': true},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['occurred_mid_at']},
        {'columns': ['local_date']}
    ],
    post_hook="{{ forget_withdrawn_incidents() }}"
) }}
-- Each incident belongs to the nearest zone within its own accuracy plus 60 m, else to none. What
-- arrived since is placed, with an hour for loads that were still open; all when zones change, or
-- the city's clock.
{% set reach = degrees('60 + i.accuracy_m') %}
with drawn as (
    select
        min(c.time_zone) as time_zone,
        hashtext(string_agg(z::text, ',' order by z.zone_id) || min(c.time_zone)) as zones_digest
    from {{ ref('stg_city__cities') }} as c
    left join {{ ref('dim_zone') }} as z on true
),

plane as (
    select max(z.narrowing) as narrowing
    from {{ ref('int_zones_flat') }} as z
)

select
    i.source,
    i.source_id,
    i.category,
    i.iccs_code,
    i.occurred_from_at,
    i.occurred_to_at,
    i.occurred_mid_at,
    (i.occurred_mid_at at time zone drawn.time_zone)::date as local_date,
    i.accuracy_m,
    i.found_by,
    i.geom,
    z.zone_id,
    z.zone_name,
    z.district,
    i.loaded_at,
    drawn.zones_digest
from {{ ref('stg_records__incidents') }} as i
cross join drawn
cross join plane
left join lateral (
    select (array_agg(n.zone_id order by n.distance, n.zone_id))[1] as zone_id
    from (
        select
            f.zone_id,
            st_distance(f.flat, p.flat) as distance
        from st_scale(i.geom, plane.narrowing, 1) as p (flat)
        inner join {{ ref('int_zones_flat') }} as f
            on f.flat && st_expand(p.flat, {{ reach }})
        offset 0 -- noqa: AM09, so that the distance is worked out once
    ) as n
    where n.distance <= {{ reach }}
) as nearest on true
left join {{ ref('dim_zone') }} as z on nearest.zone_id = z.zone_id
{% if is_incremental() %}
where
    i.loaded_at > (select max(t.loaded_at) - interval '1 hour' from {{ this }} as t)
    or exists (
        select 1 from {{ this }} as t
        where t.zones_digest is distinct from (select d.zones_digest from drawn as d)
    )
{% endif %}
