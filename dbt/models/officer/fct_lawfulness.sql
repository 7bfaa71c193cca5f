-- The figures that the generated assessments quote (precrisis/documents/figures.py), as of now: the
-- test test_officer_marts.py holds both to the same numbers.
with entries as (
    select
        count(*) filter (where action = 'run_allowed')::int as runs_allowed,
        count(*) filter (where action = 'run_refused')::int as runs_refused,
        count(*) filter (where action = 'incident_mode')::int as incident_mode,
        count(*) filter (where action in ('consultation', 'disclosure', 'unmasking'))::int
            as consultations
    from {{ source('ops', 'audit_log') }}
    where logged_at >= now() - interval '30 days'
),

-- Work on a station's items in a run that the gate neither allowed nor refused.
without_basis as (
    select count(distinct o.run_id)::int as runs_without_basis
    from {{ source('ops', 'outcome') }} as o
    where
        o.step in (
            'take_in_recording', 'take_in_posts', 'take_in_incidents', 'take_in_calendar',
            'take_in_warnings', 'take_in_places', 'analyse_segment', 'understand_posts'
        )
        and o.started_at >= now() - interval '30 days'
        and o.status <> 'failed'
        and not exists (
            select from {{ source('ops', 'audit_log') }} as a
            where a.run_id = o.run_id and a.action in ('run_allowed', 'run_refused')
        )
),

objects as (
    select
        count(*) filter (where bucket = 'restricted')::int as objects_stored,
        -- Deletion runs hourly.
        count(*) filter (where due_at < now() - interval '1 hour')::int as objects_past_due,
        coalesce(
            round(
                extract(
                    epoch from now() - min(stored_at) filter (where bucket = 'restricted')
                ) / 3600
            ),
            0
        )::int as longest_kept_h
    from {{ source('ops', 'object_ledger') }}
    where deleted_at is null
),

receipts as (select count(*)::int as deletions from {{ source('ops', 'deletion_receipt') }}),

log_checks as (
    select max(logged_at) as log_checked_at
    from {{ source('ops', 'audit_log') }}
    where action = 'log_checked'
),

objections as (select count(*)::int as open_objections from {{ source('raw', 'objection') }}),

expiries as (
    select min(e.expires_on) - (now() at time zone min(c.time_zone))::date as days_to_next_expiry
    from {{ source('raw', 'expiry') }} as e
    cross join {{ source('raw', 'city') }} as c
)

select
    entries.runs_allowed,
    entries.runs_refused,
    without_basis.runs_without_basis,
    objects.objects_stored,
    objects.objects_past_due,
    objects.longest_kept_h,
    receipts.deletions,
    entries.consultations,
    entries.incident_mode,
    objections.open_objections,
    expiries.days_to_next_expiry,
    log_checks.log_checked_at
from entries
cross join without_basis
cross join objects
cross join receipts
cross join objections
cross join expiries
cross join log_checks
