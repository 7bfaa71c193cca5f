-- How the platform runs: what happened to each item, what was refused and why, what is stored until when.

CREATE TABLE IF NOT EXISTS ops.outcome (
    step       text NOT NULL,
    item_key   text NOT NULL,
    run_id     text NOT NULL,
    dag_id     text NOT NULL,
    status     text NOT NULL CHECK (status IN ('ok', 'unchanged', 'quarantined', 'failed')),
    rows_in    integer NOT NULL DEFAULT 0,
    rows_out   integer NOT NULL DEFAULT 0,
    detail     text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    PRIMARY KEY (step, item_key, run_id)
);
CREATE INDEX IF NOT EXISTS outcome_ended_idx ON ops.outcome (ended_at);

CREATE TABLE IF NOT EXISTS ops.quarantine (
    noun          text NOT NULL,
    item_key      text NOT NULL,
    rule          text NOT NULL,
    reason        text NOT NULL,
    row_content   jsonb NOT NULL DEFAULT '{}',
    object_key    text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    seen_count    integer NOT NULL DEFAULT 1,
    PRIMARY KEY (noun, item_key, rule)
);

CREATE TABLE IF NOT EXISTS ops.validation (
    noun         text NOT NULL,
    batch_key    text NOT NULL,
    ran_at       timestamptz NOT NULL DEFAULT now(),
    is_success   boolean NOT NULL,
    row_count    integer NOT NULL,
    failed_count integer NOT NULL,
    result       jsonb NOT NULL,
    PRIMARY KEY (noun, batch_key)
);

CREATE TABLE IF NOT EXISTS ops.object_ledger (
    bucket     text NOT NULL,
    object_key text NOT NULL,
    noun       text NOT NULL,
    sha256     text NOT NULL,
    size_bytes bigint NOT NULL,
    stored_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    deleted_at timestamptz,
    -- Id of the zone key it is sealed to; '' lies in the clear. sha256 and size are the content's.
    key_id     text NOT NULL DEFAULT '',
    -- Why it is due: 'due' by its retention time, 'deleted by author', or 'replaced by an edit'.
    reason     text NOT NULL DEFAULT 'due',
    PRIMARY KEY (bucket, object_key)
);
CREATE INDEX IF NOT EXISTS object_ledger_due_idx ON ops.object_ledger (due_at) WHERE deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS ops.deletion_receipt (
    receipt_id  bigint PRIMARY KEY,
    bucket      text NOT NULL,
    object_key  text NOT NULL,
    object_sha256 text NOT NULL,
    due_at      timestamptz NOT NULL,
    deleted_at  timestamptz NOT NULL,
    reason        text NOT NULL DEFAULT 'due',
    previous_hash text NOT NULL UNIQUE,
    receipt_hash  text NOT NULL UNIQUE
);

CREATE TABLE IF NOT EXISTS ops.feed_cursor (
    source     text PRIMARY KEY,
    cursor     text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Up to which post's time the feed was read again, for edits and deletions.
    swept_until timestamptz,
    -- Until when the source asks not to be asked.
    wait_until timestamptz
);

-- What could become an alert before the marts know of it. Times: when it began, when the footage that
-- shows it had landed, when it was written here.
CREATE TABLE IF NOT EXISTS ops.alert_candidate (
    candidate_id text PRIMARY KEY,
    kind         text NOT NULL,
    zone_id      text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    confidence   real NOT NULL,
    inputs       jsonb NOT NULL,
    landed_at    timestamptz NOT NULL,
    raised_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS alert_candidate_raised_idx ON ops.alert_candidate (raised_at);

CREATE TABLE IF NOT EXISTS ops.alert (
    alert_id     text PRIMARY KEY,
    rule         text NOT NULL,
    rule_version text NOT NULL,
    zone_id      text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    risk_index   real NOT NULL,
    certainty    real NOT NULL,
    severity     text NOT NULL,
    reasons      jsonb NOT NULL,
    unknowns     jsonb NOT NULL,
    inputs       jsonb NOT NULL,
    raised_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS ops.alert_delivery (
    alert_id   text NOT NULL REFERENCES ops.alert,
    channel    text NOT NULL,
    status     text NOT NULL CHECK (status IN ('sent', 'failed')),
    reference  text NOT NULL,
    detail     text NOT NULL DEFAULT '',
    sent_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alert_id, channel)
);

CREATE TABLE IF NOT EXISTS ops.alert_review (
    alert_id   text NOT NULL REFERENCES ops.alert,
    decision   text NOT NULL CHECK (decision IN ('accept', 'dismiss')),
    reason     text NOT NULL,
    reviewer   text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alert_id, decided_at)
);

CREATE TABLE IF NOT EXISTS ops.report (
    report_id  text PRIMARY KEY,
    week_start date NOT NULL,
    language   text NOT NULL,
    object_key text NOT NULL,
    sent_at    timestamptz
);
