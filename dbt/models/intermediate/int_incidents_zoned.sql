{{ config(
    materialized='incremental',
    unique_key=['source', 'source_id'],
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    indexes=[
        {'columns': ['source', 'source_id'], 'unique': true},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['occurred_mid_at']},
        {'columns': ['local_date']},
        {'columns': ['loaded_at']}
    ],
    post_hook="{{ forget_withdrawn_incidents() }}"
) }}
-- Each incident belongs to the nearest zone within its own accuracy plus 60 m, else to none. What
-- arrived since is placed, with an hour for loads that were still open; all when zones change, or
-- the city's clock. A plain join, of which the nearest is kept: PostgreSQL spreads it over workers,
-- and would not spread a lateral one.
{% set reach = degrees('60 + i.accuracy_m') %}
{% set narrowing %}(select max(f.narrowing) from {{ ref('int_zones_flat') }} as f){% endset %}
with drawn as (
    select
        min(c.time_zone) as time_zone,
        hashtext(string_agg(z::text, ',' order by z.zone_id) || min(c.time_zone)) as zones_digest
    from {{ ref('stg_city__cities') }} as c
    left join {{ ref('dim_zone') }} as z on true
),

nearest as (
    select distinct on (i.source, i.source_id)
        i.*,
        {{ reach }} as reach,
        z.zone_id,
        st_distance(z.flat, st_scale(i.geom, {{ narrowing }}, 1)) as distance
    from {{ ref('stg_records__incidents') }} as i
    left join {{ ref('int_zones_flat') }} as z
        on z.flat && st_expand(st_scale(i.geom, {{ narrowing }}, 1), {{ reach }})
    {% if is_incremental() %}
    -- All rows were placed by the same zones, or a build had placed them all anew: any one tells.
    -- A range with an end, or PostgreSQL takes a third of all rows for new and reads all of them.
    where i.loaded_at between coalesce(
        (
            select
                case
                    when t.zones_digest = (select d.zones_digest from drawn as d)
                        then (select max(o.loaded_at) - interval '1 hour' from {{ this }} as o)
                end
            from {{ this }} as t
            limit 1 -- noqa: AM09
        ),
        '-infinity'
    ) and 'infinity'
    {% endif %}
    order by i.source, i.source_id, distance, z.zone_id
)

select
    n.source,
    n.source_id,
    n.category,
    n.iccs_code,
    n.occurred_from_at,
    n.occurred_to_at,
    n.occurred_mid_at,
    (n.occurred_mid_at at time zone drawn.time_zone)::date as local_date,
    n.accuracy_m,
    n.found_by,
    n.geom,
    z.zone_id,
    z.zone_name,
    z.district,
    n.loaded_at,
    drawn.zones_digest
from nearest as n
cross join drawn
left join {{ ref('dim_zone') }} as z on n.zone_id = z.zone_id and n.distance <= n.reach
