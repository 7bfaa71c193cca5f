select
    step,
    item_key,
    run_id,
    dag_id,
    status,
    rows_in,
    rows_out,
    started_at,
    ended_at
from {{ source('ops', 'outcome') }}
