-- One role per zone of trust. ingest and analysis write stations; transformer (dbt) reads raw and
-- owns what it builds; bi_reader (Superset, reports) sees marts and nothing else; offence_reader sees
-- single offence-like happenings and nothing else; partner sees marts of its districts only (see
-- 46_privacy.sql and dbt/macros/district_rights.sql); auditor reads all of ops. Passwords are set by the stack; the roles exist before this file runs.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC; -- PostGIS functions live there

GRANT USAGE ON SCHEMA raw, ops TO ingest, analysis, transformer;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA ops TO ingest, analysis;
REVOKE INSERT, UPDATE ON ops.deletion_receipt FROM ingest, analysis;
GRANT SELECT ON ALL TABLES IN SCHEMA raw TO analysis;
GRANT SELECT, INSERT, UPDATE, DELETE
ON raw.footage_segment, raw.post, raw.place, raw.incident, raw.calendar_event, raw.threshold, raw.city,
    raw.event_label, raw.layer_version, raw.place_version, raw.stop_service,
    raw.disorder_audit, raw.survey_answer, raw.weather_hour, raw.vulnerability
TO ingest;
GRANT DELETE ON ops.quarantine TO ingest, analysis;
GRANT SELECT, INSERT, UPDATE, DELETE
ON raw.camera_observation, raw.video_event, raw.post_signal, raw.risk_baseline, raw.forecast_score,
    raw.camera_calibration, raw.video_sign, raw.forecast, raw.forecast_cell, raw.forecast_hour,
    raw.forecast_window, raw.hot_spot, raw.near_repeat, raw.event_score,
    raw.line_crossing, raw.measure_effect, raw.forecast_split, raw.risk_covariate
TO analysis;

GRANT SELECT, INSERT, UPDATE ON raw.post_correction TO analysis;
GRANT SELECT, INSERT ON raw.theme_example TO analysis;

GRANT SELECT ON ALL TABLES IN SCHEMA raw, ops TO transformer;
GRANT ALL ON SCHEMA staging, intermediate, marts, offences TO transformer;
GRANT CREATE ON DATABASE :"database" TO transformer;
-- A join over all zones and hours stays in memory; dbt runs two statements at a time.
ALTER ROLE transformer SET work_mem = '64MB';

GRANT USAGE ON SCHEMA marts TO bi_reader, analysis;
GRANT SELECT ON ALL TABLES IN SCHEMA marts TO bi_reader, analysis;
ALTER DEFAULT PRIVILEGES FOR ROLE transformer IN SCHEMA marts
GRANT SELECT ON TABLES TO bi_reader, analysis;
GRANT USAGE ON SCHEMA intermediate TO analysis;
ALTER DEFAULT PRIVILEGES FOR ROLE transformer IN SCHEMA intermediate
GRANT SELECT ON TABLES TO analysis;

-- No default privilege for partner: dbt grants it each table after the policy of that table stands.
GRANT USAGE ON SCHEMA marts TO partner;

GRANT USAGE ON SCHEMA offences TO offence_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA offences TO offence_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE transformer IN SCHEMA offences
GRANT SELECT ON TABLES TO offence_reader;

GRANT USAGE ON SCHEMA ops TO auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO auditor;

-- Deletes what is due, and nothing before: it can't read a station's content.
GRANT USAGE ON SCHEMA raw, ops TO retention;
GRANT SELECT, INSERT ON ops.deletion_receipt TO retention;
GRANT SELECT, UPDATE ON ops.object_ledger TO retention;
GRANT SELECT, INSERT, UPDATE ON ops.outcome, ops.quarantine TO retention;
GRANT SELECT (object_key), DELETE ON raw.footage_segment, raw.post TO retention;

-- Who may see which district is decided by the owner; a test of the marts is added, never changed.
REVOKE ALL ON ops.district_grant FROM ingest, analysis;
REVOKE ALL ON ops.privacy_test FROM ingest;
REVOKE UPDATE ON ops.privacy_test FROM analysis;
REVOKE ALL ON FUNCTION ops.granted_districts() FROM public;
GRANT EXECUTE ON FUNCTION ops.granted_districts() TO partner, transformer;
