-- Schema officer names staff and their reasons: read by the data-protection officer's account alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON raw.purpose, raw.objection, raw.expiry TO ingest;
GRANT ALL ON SCHEMA officer TO transformer;
GRANT USAGE ON SCHEMA officer TO officer_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA officer TO officer_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE transformer IN SCHEMA officer
GRANT SELECT ON TABLES TO officer_reader;
