-- The newest result of every column and attack counts; one failure fails the release.
with newest as (
    select distinct on (release, mart, column_name, attack)
        release,
        mart,
        column_name,
        criterion,
        tested_at,
        success_share,
        threshold,
        has_passed
    from {{ source('ops', 'privacy_test') }}
    order by release, mart, column_name, attack, tested_at desc
)

select
    release,
    criterion,
    count(distinct mart || '.' || column_name)::int as column_count,
    count(*) filter (where not has_passed)::int as failed_count,
    max(success_share) as highest_success_share,
    min(threshold) as lowest_threshold,
    max(tested_at) as tested_at
from newest
group by release, criterion
