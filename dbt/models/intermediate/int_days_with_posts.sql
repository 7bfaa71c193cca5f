{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false
) }}
-- Days on which the feeds delivered; kept when the posts themselves are deleted.
select distinct date_trunc('day', s.posted_at) as day_start_at
from {{ ref('stg_feeds__signals') }} as s
{% if is_incremental() %}
where not exists (
    select 1 from {{ this }} as known
    where known.day_start_at = date_trunc('day', s.posted_at)
)
{% endif %}
