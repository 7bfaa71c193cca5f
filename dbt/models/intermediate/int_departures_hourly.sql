-- How often the stops in or near a zone are left: who is there to board, where no camera counts.
select
    p.attributes ->> 'zone_id' as zone_id,
    s.hour_of_week,
    count(*)::int as stop_count,
    sum(s.departures_mean) as departures_mean
from {{ ref('stg_city__stop_services') }} as s
inner join {{ ref('stg_city__places') }} as p on s.place_id = p.place_id
where p.kind = 'stop' and p.attributes ->> 'zone_id' is not null
group by 1, 2
