{{ config(tags=['risk', 'forecast']) }}
-- The forecast in force: the named cells by step of the local day, each with its week.
select
    f.starts_on,
    c.cell_id,
    p.zone_id,
    p.zone_name,
    p.district,
    h.starts_local at time zone t.time_zone as starts_at,
    h.starts_local,
    extract(isodow from h.starts_local)::int as weekday,
    extract(hour from h.starts_local)::int as hour_of_day,
    h.step_h::int as step_h,
    h.expected,
    h.low,
    h.high,
    c.place::int as place,
    c.band,
    c.expected as whole_expected,
    c.low as whole_low,
    c.high as whole_high,
    f.horizon_h::int as horizon_h,
    f.counted_by,
    f.ranked_by,
    coalesce(f.likelihood_gain_low > 0, false) as is_likelihood_gain_proven,
    coalesce(f.hit_gain_low > 0, false) as is_hit_gain_proven,
    f.incident_count as learnt_from_count,
    f.learnt_from,
    p.geom::geometry(polygon, 4326) as geom, -- noqa
    p.outline_json
from {{ ref('stg_risk__forecasts') }} as f
inner join {{ ref('stg_risk__forecast_cells') }} as c on f.starts_on = c.starts_on
inner join {{ ref('stg_risk__forecast_hours') }} as h
    on c.starts_on = h.starts_on and c.cell_id = h.cell_id
inner join {{ ref('int_forecast_places') }} as p on p.kind = 'cell' and c.cell_id = p.square_id
cross join {{ ref('stg_city__cities') }} as t
