{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    pre_hook=["{{ forget_what_may_change() }}", "{{ hide_themes_again() }}"]
) }}
-- No total over themes, hours or zones is published that counts more than the cells shown here
-- (docs/adr/0010-small-cells.md). Rows that are there already are past changing.
with counted as (
    select
        t.*,
        {{ is_small('t.author_count', 'small_cell_authors') }} as is_suppressed
    from {{ ref('int_themes_hourly') }} as t
    {% if is_incremental() %}
    where not exists (
        select 1 from {{ this }} as f
        where f.zone_id = t.zone_id and f.hour_start_at = t.hour_start_at and f.theme = t.theme
    )
    {% endif %}
),

known as (
    select
        zone_id,
        hour_start_at,
        theme,
        case when not is_suppressed then author_count end as author_count
    from counted
    {% if is_incremental() %}
    union all
    select
        zone_id,
        hour_start_at,
        theme,
        author_count
    from {{ this }}
    where
        hour_start_at >= (select min(c.hour_start_at) from counted as c)
        - make_interval(weeks => {{ threshold('surprise_weeks') }}::int, hours => 1)
    {% endif %}
),

-- The linter knows frames of literal length only.
{{ surprises_of('known') }} -- noqa: PRS

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
    case when not t.is_suppressed then t.uncertain_pct end as uncertain_pct,
    s.expected_authors,
    s.surprise,
    t.final_at
from counted as t
inner join {{ ref('dim_zone') }} as z on t.zone_id = z.zone_id
left join surprises as s
    on t.zone_id = s.zone_id and t.hour_start_at = s.hour_start_at and t.theme = s.theme
