select
    t.zone_id,
    z.zone_name,
    z.district,
    t.hour_start_at,
    t.theme,
    case when not t.is_suppressed then t.post_count end as post_count,
    case when not t.is_suppressed then t.author_count end as author_count,
    t.is_suppressed,
    case when not t.is_suppressed then t.mean_probability end as mean_probability,
    case when not t.is_suppressed then t.uncertain_pct end as uncertain_pct
from (
    select
        *,
        {{ is_small('author_count', threshold('small_cell_authors')) }} as is_suppressed
    from {{ ref('int_themes_hourly') }}
) as t
inner join {{ ref('dim_zone') }} as z on t.zone_id = z.zone_id
