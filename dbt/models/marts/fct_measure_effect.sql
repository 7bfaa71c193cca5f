{{ config(tags=['risk', 'forecast']) }}
-- What each measure changed, against places that had none; a reason where it can't be judged yet.
select
    e.measure_id,
    e.measure_name,
    e.kind,
    z.zone_id,
    z.zone_name,
    z.district,
    e.done_on,
    e.judged_on,
    e.days,
    e.radius_m,
    e.ring_m,
    coalesce(
        e.reason,
        case
            when e.place_high_pct < 0 then 'fewer'
            when e.place_low_pct > 0 then 'more'
            else 'not_proven'
        end
    ) as verdict,
    e.place_pct,
    e.place_low_pct,
    e.place_high_pct,
    e.place_p,
    e.ring_pct,
    e.ring_low_pct,
    e.ring_high_pct,
    e.ring_p,
    e.displacement_quotient,
    e.place_before,
    e.place_after,
    e.ring_before,
    e.ring_after,
    e.control_before,
    e.control_after,
    e.control_count,
    st_x(e.geom) as longitude,
    st_y(e.geom) as latitude
from {{ ref('stg_risk__measure_effects') }} as e
left join lateral (
    select
        d.zone_id,
        d.zone_name,
        d.district
    from {{ ref('dim_zone') }} as d
    where st_dwithin(d.geom::geography, e.geom::geography, e.radius_m)
    order by d.geom <-> e.geom, d.zone_id
    limit 1
) as z on true
