-- What was given to whom. A row is entered before the first byte leaves, and only a recall changes it.
CREATE TABLE IF NOT EXISTS ops.share (
    agreement_id      text NOT NULL,
    period_start      date NOT NULL, -- first local day
    period_end        date NOT NULL, -- the day after the last
    recipient         text NOT NULL,
    recipient_address text NOT NULL,
    act               text NOT NULL,
    object_prefix     text NOT NULL, -- in bucket published
    object_names      text[] NOT NULL,
    sha256            text NOT NULL, -- of the archive before it is encrypted
    row_count         integer NOT NULL,
    suppressed_count  integer NOT NULL,
    run_id            text NOT NULL,
    shared_at         timestamptz NOT NULL DEFAULT now(),
    recalled_at       timestamptz,
    recalled_by       text,
    recall_reason     text,
    notified_at       timestamptz, -- when the recipient was told of the recall
    PRIMARY KEY (agreement_id, period_start),
    CONSTRAINT recall_is_whole CHECK (
        num_nonnulls(recalled_at, recalled_by, recall_reason) IN (0, 3)
        AND (notified_at IS NULL OR recalled_at IS NOT NULL)
    ),
    CONSTRAINT recall_has_name_and_reason CHECK (
        recalled_at IS NULL OR (btrim(recalled_by) <> '' AND length(btrim(recall_reason)) >= 10)
    )
);

-- No row without its entry in the audit log, and the other way round: both in one transaction.
CREATE OR REPLACE FUNCTION ops.log_share() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    is_recall boolean := tg_op = 'UPDATE';
BEGIN
    IF is_recall AND old.recalled_at IS NOT DISTINCT FROM new.recalled_at THEN
        RETURN NULL; -- only the notice went out
    END IF;
    PERFORM ops.append_audit(
        'export', 'share/' || new.agreement_id || '/' || new.period_start,
        CASE WHEN is_recall THEN new.recalled_by ELSE 'platform' END,
        coalesce(new.recall_reason, ''), new.run_id,
        jsonb_build_object(
            'act', new.act, 'recipient', new.recipient, 'period_end', new.period_end,
            'sha256', new.sha256, 'rows', new.row_count, 'suppressed', new.suppressed_count,
            'is_recall', is_recall
        )
    );
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER share_logged
AFTER INSERT OR UPDATE ON ops.share FOR EACH ROW EXECUTE FUNCTION ops.log_share();

CREATE OR REPLACE FUNCTION ops.keep_share() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    of_recall text[] := ARRAY['recalled_at', 'recalled_by', 'recall_reason', 'notified_at'];
BEGIN
    IF to_jsonb(new) - of_recall <> to_jsonb(old) - of_recall
        OR (
            old.recalled_at IS NOT NULL
            AND (new.recalled_at, new.recalled_by, new.recall_reason)
            IS DISTINCT FROM (old.recalled_at, old.recalled_by, old.recall_reason)
        )
    THEN
        RAISE EXCEPTION 'ops.share is append-only'
        USING HINT = 'What was shared is recalled once (partners_recall), never rewritten.';
    END IF;
    RETURN new;
END
$$;
CREATE OR REPLACE TRIGGER share_kept
BEFORE UPDATE ON ops.share FOR EACH ROW EXECUTE FUNCTION ops.keep_share();
CREATE OR REPLACE TRIGGER share_append_only
BEFORE DELETE OR TRUNCATE ON ops.share
FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
