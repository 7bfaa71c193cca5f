{{ config(materialized='view') }}
select
    noun,
    rule,
    min(reason) as reason,
    count(*)::int as item_count,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from {{ source('ops', 'quarantine') }}
group by noun, rule
