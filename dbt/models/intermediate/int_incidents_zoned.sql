{{ config(
    materialized='incremental',
    unique_key=['source', 'source_id'],
    incremental_strategy='delete+insert',
    indexes=[
        {'columns': ['source', 'source_id'], 'unique': true},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['occurred_mid_at']}
    ],
    post_hook="{{ forget_withdrawn_incidents() }}"
) }}
-- Each incident belongs to the nearest zone within its own accuracy plus 60 m, else to none. What
-- arrived since is placed, with an hour for loads that were still open; all when zones change.
{% set reach = '60 + i.accuracy_m' %}
with drawn as (
    select hashtext(string_agg(z::text, ',' order by z.zone_id)) as zones_digest
    from {{ ref('dim_zone') }} as z
)

select
    i.source,
    i.source_id,
    i.category,
    i.iccs_code,
    i.occurred_from_at,
    i.occurred_to_at,
    i.occurred_mid_at,
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
left join lateral (
    select (array_agg(n.zone_id order by n.distance_m, n.zone_id))[1] as zone_id
    from (
        select
            d.zone_id,
            {{ metres_between('d.geom', 'i.geom') }} as distance_m
        from {{ ref('dim_zone') }} as d
        where d.geom && {{ box_around('i.geom', reach) }}
        offset 0 -- noqa: AM09, so that the distance is worked out once
    ) as n
    where n.distance_m <= {{ reach }}
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
