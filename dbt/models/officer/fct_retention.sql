select
    bucket,
    noun,
    count(*) filter (where deleted_at is null)::int as stored_count,
    -- Deletion runs hourly, as in fct_lawfulness.
    count(*) filter (where deleted_at is null and due_at < now() - interval '1 hour')::int
        as past_due_count,
    min(stored_at) filter (where deleted_at is null) as oldest_stored_at,
    min(due_at) filter (where deleted_at is null) as next_due_at,
    round(extract(epoch from max(due_at - stored_at)) / 3600)::int as longest_planned_h,
    count(*) filter (where deleted_at is not null)::int as deleted_count,
    max(deleted_at) as last_deleted_at
from {{ source('ops', 'object_ledger') }}
group by bucket, noun
