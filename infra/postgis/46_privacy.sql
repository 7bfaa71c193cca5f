-- Who else may see which district, and what attacks on the marts have shown.

-- A partner reads the marts of its districts while its agreement runs. `role_name` is the account
-- that signs in: the role partner itself, or a member of it. Entered by the owner.
CREATE TABLE IF NOT EXISTS ops.district_grant (
    role_name   text NOT NULL,
    district    text NOT NULL,
    agreement   text NOT NULL CHECK (btrim(agreement) <> ''),
    valid_until date NOT NULL,
    granted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (role_name, district)
);

-- Runs with the owner's rights, so that a partner can't see what others were granted. session_user,
-- since SET ROLE must not make a member look like the group.
CREATE OR REPLACE FUNCTION ops.granted_districts() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT g.district FROM ops.district_grant AS g
    WHERE g.role_name = session_user AND g.valid_until >= current_date
$$;

CREATE OR REPLACE FUNCTION ops.log_district_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    held ops.district_grant;
BEGIN
    held := CASE WHEN tg_op = 'DELETE' THEN old ELSE new END;
    PERFORM ops.append_audit(
        'configuration_change', 'ops.district_grant/' || held.role_name, session_user, '', '',
        jsonb_build_object('command', tg_op, 'district', held.district, 'agreement', held.agreement,
            'valid_until', held.valid_until)
    );
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER district_grant_logged
AFTER INSERT OR UPDATE OR DELETE ON ops.district_grant
FOR EACH ROW EXECUTE FUNCTION ops.log_district_grant();

-- One row per release of the code, mart column and attack (plugins/precrisis/privacy). A release that
-- was never attacked has no row, and counts as failed.
CREATE TABLE IF NOT EXISTS ops.privacy_test (
    release     text NOT NULL,
    mart        text NOT NULL,
    column_name text NOT NULL,
    criterion   text NOT NULL CHECK (criterion IN ('singling_out', 'linkability', 'inference')),
    attack      text NOT NULL,
    tested_at   timestamptz NOT NULL DEFAULT now(),
    tried       bigint NOT NULL,
    succeeded   bigint NOT NULL,
    success_share double precision NOT NULL,
    threshold   double precision NOT NULL,
    has_passed  boolean NOT NULL,
    PRIMARY KEY (release, mart, column_name, attack, tested_at)
);
