{{ config(materialized='view') }}
select
    noun,
    rule,
    -- A reason may name an object; where it lies is nobody's business here.
    regexp_replace(min(reason), '(restricted|derived|published)/[^ ]+', '\1', 'g') as reason,
    count(*)::int as item_count,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from {{ source('ops', 'quarantine') }}
group by noun, rule
