-- The log of what was allowed, refused, looked at, given out, decided and changed. Append-only and
-- hash-chained: each entry carries the hash of the one before it. It holds keys and facts, never
-- content. Written only through ops.append_audit; read by the auditor; checked daily (audit_check).
CREATE TABLE IF NOT EXISTS ops.audit_log (
    entry_id      bigint PRIMARY KEY,
    logged_at     timestamptz NOT NULL,
    database_role text NOT NULL,
    actor         text NOT NULL,
    action        text NOT NULL CHECK (action IN (
        'run_allowed', 'run_refused', 'run_done', 'consultation', 'disclosure', 'unmasking',
        'export', 'deletion', 'configuration_change', 'review', 'incident_mode', 'legal_hold',
        'log_checked'
    )),
    subject       text NOT NULL,
    reason        text NOT NULL DEFAULT '',
    run_id        text NOT NULL DEFAULT '',
    facts         jsonb NOT NULL DEFAULT '{}',
    previous_hash text NOT NULL UNIQUE,
    entry_hash    text NOT NULL UNIQUE,
    -- Who looks at people's data, or lets it out, says why.
    CONSTRAINT reason_given CHECK (
        action NOT IN ('consultation', 'disclosure', 'unmasking', 'review', 'incident_mode', 'legal_hold')
        OR length(btrim(reason)) >= 10
    )
);
CREATE INDEX IF NOT EXISTS audit_log_subject_idx ON ops.audit_log (action, subject, run_id);
CREATE INDEX IF NOT EXISTS audit_log_logged_idx ON ops.audit_log (logged_at);

-- A JSON array, since it leaves no doubt where one value ends and the next begins.
CREATE OR REPLACE FUNCTION ops.audit_hash(entry ops.audit_log) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        entry.entry_id, to_char(entry.logged_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        entry.database_role, entry.actor, entry.action, entry.subject, entry.reason, entry.run_id,
        entry.facts, entry.previous_hash
    )::text, 'UTF8')), 'hex')
$$;

-- Runs with the owner's rights, so that no role needs any right on the table itself.
CREATE OR REPLACE FUNCTION ops.append_audit(
    p_action text, p_subject text, p_actor text, p_reason text, p_run_id text, p_facts jsonb
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    fresh ops.audit_log;
BEGIN
    PERFORM pg_advisory_xact_lock(7201612); -- one writer at a time
    SELECT entry_id + 1, entry_hash INTO fresh.entry_id, fresh.previous_hash
    FROM ops.audit_log ORDER BY entry_id DESC LIMIT 1;
    fresh.entry_id := coalesce(fresh.entry_id, 1);
    fresh.previous_hash := coalesce(fresh.previous_hash, repeat('0', 64));
    fresh.logged_at := clock_timestamp();
    fresh.database_role := session_user;
    fresh.actor := p_actor;
    fresh.action := p_action;
    fresh.subject := p_subject;
    fresh.reason := p_reason;
    fresh.run_id := p_run_id;
    fresh.facts := p_facts;
    fresh.entry_hash := ops.audit_hash(fresh);
    INSERT INTO ops.audit_log SELECT fresh.*;
    RETURN fresh.entry_id;
END
$$;

-- Entries whose content, number or link does not fit: altered, removed or put in between.
CREATE OR REPLACE FUNCTION ops.broken_audit() RETURNS TABLE (entry_id bigint, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH linked AS (
        SELECT
            a.entry_id, a.entry_hash, a.previous_hash, ops.audit_hash(a) AS computed_hash,
            row_number() OVER (ORDER BY a.entry_id) AS place,
            lag(a.entry_hash, 1, repeat('0', 64)) OVER (ORDER BY a.entry_id) AS hash_before
        FROM ops.audit_log AS a
    )
    SELECT
        l.entry_id,
        CASE
            WHEN l.computed_hash <> l.entry_hash THEN 'content changed'
            WHEN l.previous_hash <> l.hash_before THEN 'entry before it removed or put in'
            ELSE 'number out of order'
        END
    FROM linked AS l
    WHERE l.computed_hash <> l.entry_hash OR l.previous_hash <> l.hash_before OR l.place <> l.entry_id
    ORDER BY l.entry_id
$$;

CREATE OR REPLACE FUNCTION ops.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', tg_table_schema, tg_table_name
    USING HINT = 'A wrong entry is followed by a right one, never replaced.';
END
$$;
CREATE OR REPLACE TRIGGER audit_log_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.audit_log
FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- A person's decision on an alert is in the log by the table's own doing.
CREATE OR REPLACE FUNCTION ops.log_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM ops.append_audit(
        'review', new.alert_id, new.reviewer, new.reason, '', jsonb_build_object('decision', new.decision)
    );
    RETURN new;
END
$$;
CREATE OR REPLACE TRIGGER alert_review_logged
AFTER INSERT ON ops.alert_review FOR EACH ROW EXECUTE FUNCTION ops.log_review();

-- Changes to what holds people's data or the log itself. Set-up is one entry of its own, with the
-- hash of these files (infra/stack/cluster.py).
CREATE OR REPLACE FUNCTION ops.log_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    command record;
BEGIN
    IF current_setting('precrisis.set_up', true) = 'on' OR session_user = 'transformer' THEN
        RETURN; -- dbt replaces what it builds all day, and owns nothing in raw or ops
    END IF;
    IF tg_event = 'sql_drop' THEN
        FOR command IN
            SELECT DISTINCT object_identity, 'DROP' AS command_tag FROM pg_event_trigger_dropped_objects()
            WHERE schema_name IN ('raw', 'ops') AND object_type = 'table'
        LOOP
            PERFORM ops.append_audit(
                'configuration_change', command.object_identity, session_user, '', '',
                jsonb_build_object('command', command.command_tag)
            );
        END LOOP;
        RETURN;
    END IF;
    FOR command IN
        SELECT object_identity, command_tag FROM pg_event_trigger_ddl_commands()
        WHERE schema_name IN ('raw', 'ops') OR command_tag IN ('GRANT', 'REVOKE')
    LOOP
        PERFORM ops.append_audit(
            'configuration_change', coalesce(command.object_identity, 'rights'), session_user, '', '',
            jsonb_build_object('command', command.command_tag)
        );
    END LOOP;
END
$$;
DROP EVENT TRIGGER IF EXISTS precrisis_ddl_logged;
DROP EVENT TRIGGER IF EXISTS precrisis_drop_logged;
CREATE EVENT TRIGGER precrisis_ddl_logged ON ddl_command_end EXECUTE FUNCTION ops.log_ddl();
CREATE EVENT TRIGGER precrisis_drop_logged ON sql_drop EXECUTE FUNCTION ops.log_ddl();

-- Incident mode: more than counts, for one camera, for a stated reason, until it ends by itself.
CREATE TABLE IF NOT EXISTS ops.incident_mode (
    camera_id text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    opened_by text NOT NULL CHECK (btrim(opened_by) <> ''),
    act       text NOT NULL CHECK (btrim(act) <> ''),
    reason    text NOT NULL CHECK (length(btrim(reason)) >= 10),
    PRIMARY KEY (camera_id, opened_at),
    CONSTRAINT boxed_in_time CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '24 hours')
);
CREATE OR REPLACE FUNCTION ops.log_incident_mode() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM ops.append_audit(
        'incident_mode', new.camera_id, new.opened_by, new.reason, '',
        jsonb_build_object('act', new.act, 'starts_at', new.starts_at, 'ends_at', new.ends_at)
    );
    RETURN new;
END
$$;
CREATE OR REPLACE TRIGGER incident_mode_logged
AFTER INSERT OR UPDATE ON ops.incident_mode FOR EACH ROW EXECUTE FUNCTION ops.log_incident_mode();
