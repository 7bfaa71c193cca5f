-- The stop switch: alerts of a rule, of a kind of event or of a camera are off from a moment on, by a
-- named person, for a stated reason, until it ends by itself.
CREATE TABLE IF NOT EXISTS ops.alert_stop (
    what      text NOT NULL CHECK (what IN ('rule', 'kind', 'camera')),
    name      text NOT NULL,
    set_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    set_by    text NOT NULL CHECK (btrim(set_by) <> ''),
    reason    text NOT NULL CHECK (length(btrim(reason)) >= 10),
    PRIMARY KEY (what, name, set_at),
    CONSTRAINT boxed_in_time CHECK (ends_at >= starts_at AND ends_at <= starts_at + interval '7 days')
);
CREATE OR REPLACE FUNCTION ops.log_alert_stop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM ops.append_audit(
        'configuration_change', 'alert stop: ' || new.what || ' ' || new.name, new.set_by, new.reason, '',
        jsonb_build_object('starts_at', new.starts_at, 'ends_at', new.ends_at)
    );
    RETURN new;
END
$$;
CREATE OR REPLACE TRIGGER alert_stop_logged
AFTER INSERT ON ops.alert_stop FOR EACH ROW EXECUTE FUNCTION ops.log_alert_stop();
