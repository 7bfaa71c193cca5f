-- Alarm in the public voice: distinct authors of alarming themes, at least the small cell of them.
select
    s.zone_id,
    s.hour_start_at,
    count(distinct s.author_key)::int as author_count,
    count(distinct s.post_id_hash)::int as post_count,
    avg(t.probability)::real as mean_probability
from {{ ref('int_signals_placed') }} as s
cross join lateral (
    select max(value::real) as probability
    from jsonb_each_text(s.themes)
    where key in ('panic', 'threat', 'crowding', 'disorder')
) as t
where t.probability >= 0.5 and not s.is_uncertain
group by 1, 2
having count(distinct s.author_key) >= {{ threshold('small_cell_authors') }}
