-- Hours in which anything at all was observed, with when the last of it arrived: an archive that is
-- analysed late touches old hours, which an incremental build then computes again.
select
    hour_start_at,
    max(loaded_at) as last_loaded_at
from (
    select
        date_trunc('hour', window_start_at) as hour_start_at,
        loaded_at
    from {{ ref('stg_cameras__observations') }}
    union all
    select
        date_trunc('hour', posted_at) as hour_start_at,
        loaded_at
    from {{ ref('stg_feeds__signals') }}
) as arrived
group by hour_start_at
