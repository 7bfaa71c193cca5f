{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    pre_hook=["{{ forget_what_may_change() }}", "{{ hide_languages_again() }}"]
) }}
select
    l.local_date,
    l.language,
    case when not l.is_suppressed then l.post_count end as post_count,
    case when not l.is_suppressed then l.author_count end as author_count,
    l.is_suppressed,
    case when not l.is_suppressed then l.uncertain_pct end as uncertain_pct,
    l.final_at
from (
    select
        *,
        {{ is_small('author_count', 'small_cell_authors') }} as is_suppressed
    from {{ ref('int_languages_daily') }}
) as l
{% if is_incremental() %}
where not exists (
    select 1 from {{ this }} as f
    where f.local_date = l.local_date
)
{% endif %}
