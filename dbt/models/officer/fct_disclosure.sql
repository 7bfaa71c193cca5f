select
    entry_id,
    logged_at,
    action,
    subject,
    actor,
    reason
from {{ source('ops', 'audit_log') }}
where action in ('consultation', 'disclosure', 'unmasking', 'export', 'legal_hold')
